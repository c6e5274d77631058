use dcache::dcache;

trait Measure {
    fn measure(&self, n: usize) -> usize;
}

impl Measure for str {
    #[dcache]
    fn measure(&self, n: usize) -> usize {
        self.len() * n
    }
}

impl Measure for [u8] {
    #[dcache]
    fn measure(&self, n: usize) -> usize {
        self.len() + n
    }
}

impl Measure for (u8, char) {
    #[dcache]
    fn measure(&self, n: usize) -> usize {
        usize::from(self.0) + n
    }
}

impl Measure for fn() -> u8 {
    #[dcache]
    fn measure(&self, n: usize) -> usize {
        usize::from(self()) + n
    }
}

impl Measure for &'static str {
    #[dcache]
    fn measure(&self, n: usize) -> usize {
        self.len() + 100 + n
    }
}

impl Measure for dyn Fn() -> u8 {
    #[dcache(skip(self))]
    fn measure(&self, n: usize) -> usize {
        usize::from(self()) + n
    }
}

fn seven() -> u8 {
    7
}

enum Never {}

impl Never {
    #[dcache]
    fn count(n: u8) -> u8 {
        n
    }
}

pub(crate) fn main() {
    assert_eq!(str::measure("abc", 2), 6);
    assert_eq!([1u8, 2][..].measure(2), 4);
    assert_eq!((1u8, 'a').measure(2), 3);
    assert_eq!((seven as fn() -> u8).measure(1), 8);
    assert_eq!(<&'static str as Measure>::measure(&"a", 1), 102);
    let boxed: Box<dyn Fn() -> u8> = Box::new(|| 3);
    assert_eq!(boxed.measure(1), 4);
    assert_eq!(Never::count(1), 1);
}
