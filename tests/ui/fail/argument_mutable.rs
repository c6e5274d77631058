use dcache::dcache;

#[dcache]
fn f(buffer: &mut Vec<u8>, n: u64) -> u64 {
    buffer.clear();
    n
}

fn main() {}
