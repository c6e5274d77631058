use dcache::dcache;

#[dcache]
fn f(text: &str) -> u64 {
    text.parse::<u64>()?
}

struct Shop;

impl Shop {
    #[dcache(skip(self))]
    fn method(&self, text: &str) -> u64 {
        text.parse::<u64>()?
    }
}

fn main() {}
