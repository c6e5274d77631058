use dcache::dcache;

struct View<'a> {
    text: &'a str,
}

impl<'a> View<'a> {
    #[dcache]
    fn length(&self, n: usize) -> usize {
        self.text.len() + n
    }
}

fn main() {}
