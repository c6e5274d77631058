use dcache::dcache;

static TABLE: [u8; 4] = [1, 2, 3, 4];

#[dcache]
fn unchecked(at: usize) -> u8 {
    if at >= TABLE.len() {
        return 0;
    }
    // SAFETY: it is in bounds
    unsafe { *TABLE.get_unchecked(at) }
}

#[dcache]
fn closures(list: Vec<u8>, mut by: u8) -> Vec<u8> {
    let mut add = |n: &u8| {
        by += 1;
        n + by
    };
    let summed = list.iter().map(&mut add).collect();
    let moved = move || list.len();
    drop(moved);
    summed
}

#[dcache]
async fn async_closures(text: String) -> usize {
    let length = async |by: usize| text.len() * by;
    let block = async { length(2).await };
    block.await + async move { text.len() }.await
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(Vec<u8>);

impl Shop {
    #[dcache]
    fn borrows_self_in_closures(&self, by: u8) -> Vec<u8> {
        let get = |at: usize| self.0.get(at).copied();
        (0..4).filter_map(get).map(|n| n + by).collect()
    }

    #[dcache]
    fn consumes_self(self, more: Vec<u8>) -> Vec<u8> {
        let mut all = self.0;
        all.extend(more);
        all
    }
}

fn main() {
    assert_eq!((unchecked(1), unchecked(9)), (2, 0));
    assert_eq!(closures(vec![1, 1], 1), [3, 4]);
    assert_eq!(pollster::block_on(async_closures("ab".into())), 6);
    assert_eq!(Shop(vec![1]).borrows_self_in_closures(1), [2]);
    assert_eq!(Shop(vec![1]).consumes_self(vec![2]), [1, 2]);
}
