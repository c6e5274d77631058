use dcache::dcache;

#[dcache(ttl = "1h", stale_while_revalidate = "10m", skip(buffer))]
fn f(buffer: &mut Vec<u8>, n: u64) -> u64 {
    buffer.push(1);
    n
}

fn main() {}
