use dcache::dcache;

#[dcache]
fn f(id: Idd) -> u64 {
    let _ = id;
    1
}

fn main() {}
