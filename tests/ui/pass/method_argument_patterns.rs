use dcache::dcache;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Point {
    x: u8,
    y: u8,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u8);

impl Shop {
    #[dcache]
    fn taken_apart(&self, (a, mut b): (u8, u8), Point { x, y: _ }: Point, [first, ..]: [u8; 3]) -> u8 {
        b += a;
        b + x + first + self.0
    }

    #[dcache]
    fn bound(&self, mut n: u8, ref text: String, whole @ Point { y, .. }: Point, _: u8) -> usize {
        n += 1;
        usize::from(n + y + whole.x) + text.len()
    }

    #[dcache]
    async fn async_too(mut self, (a, _): (u8, u8), mut n: u8, _: &str) -> u8 {
        self.0 += 1;
        n += a;
        n + self.0
    }

    #[dcache(companion = handle)]
    fn with_handle(&self, n: u8, (a, b): (u8, u8)) -> u8 {
        n + a + b
    }
}

pub(crate) fn main() {
    let point = Point { x: 3, y: 4 };
    assert_eq!(Shop(1).taken_apart((1, 2), point.clone(), [6, 7, 8]), 13);
    assert_eq!(Shop(1).bound(1, "ab".into(), point, 9), 11);
    assert_eq!(pollster::block_on(Shop(1).async_too((1, 2), 3, "x")), 6);
    assert_eq!(Shop(1).with_handle(1, (2, 3)), 6);
    assert_eq!(Shop(1).with_handle_cache(1, (2, 3)).peek(), Some(6));
}
