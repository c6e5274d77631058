use dcache::dcache;

#[dcache]
enum Page {
    One,
}

fn main() {}
