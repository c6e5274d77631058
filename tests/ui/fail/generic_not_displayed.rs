use dcache::dcache;

#[dcache(key = "{value}")]
fn f<T: 'static>(value: T) -> bool {
    let _ = value;
    true
}

fn main() {}
