use dcache::dcache;

struct Shop {
    name: String,
}

impl Shop {
    #[dcache(skip(self))]
    fn name(&self) -> &str {
        &self.name
    }

    #[dcache(skip(self))]
    fn view(&self) -> View<'_> {
        View(&self.name)
    }
}

#[derive(Clone)]
struct View<'a>(&'a str);

fn main() {}
