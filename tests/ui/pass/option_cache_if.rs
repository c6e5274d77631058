use dcache::dcache;

fn is_even(n: &u64) -> bool {
    n % 2 == 0
}

#[dcache(cache_if = is_even)]
fn by_path(n: u64) -> u64 {
    n
}

#[dcache(cache_if = |n| *n > 5)]
fn by_closure(n: u64) -> u64 {
    n
}

#[dcache(cache_if = Option::is_some)]
async fn by_method(n: u64) -> Option<u64> {
    n.checked_sub(1)
}

#[dcache(cache_if = |list: &Vec<T>| !list.is_empty())]
fn generic<T: Clone + Send + Sync + 'static>(n: usize) -> Vec<T>
where
    T: Default,
{
    vec![T::default(); n]
}

#[dcache(cache_if = |text: &String| !text.is_empty())]
fn of_the_ok(n: usize) -> Result<String, ()> {
    Ok("x".repeat(n))
}

struct Shop;

impl Shop {
    #[dcache(cache_if = is_even, skip(self), companion = handle)]
    fn method(&self, n: u64) -> u64 {
        n
    }
}

pub(crate) fn main() {
    assert_eq!((by_path(1), by_path(2), by_path::peek(1), by_path::peek(2)), (1, 2, None, Some(2)));
    assert_eq!((by_closure(1), by_closure(6), by_closure::peek(1), by_closure::peek(6)), (1, 6, None, Some(6)));
    pollster::block_on(async {
        assert_eq!((by_method(0).await, by_method::peek(0).await), (None, None));
        assert_eq!((by_method(1).await, by_method::peek(1).await), (Some(0), Some(Some(0))));
    });
    assert_eq!((generic::<u8>(0), generic::peek::<u8>(0)), (vec![], None));
    assert_eq!((generic::<u8>(1), generic::peek::<u8>(1)), (vec![0], Some(vec![0])));
    assert_eq!((of_the_ok(0), of_the_ok::peek(0)), (Ok(String::new()), None));
    assert_eq!((Shop.method(1), Shop.method_cache(1).peek()), (1, None));
    assert_eq!((Shop.method(2), Shop.method_cache(2).peek()), (2, Some(2)));
}
