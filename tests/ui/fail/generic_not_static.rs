use dcache::dcache;

#[dcache(key = name.as_ref().to_owned())]
fn f<T: AsRef<str>>(name: T) -> usize {
    name.as_ref().len()
}

fn main() {}
