use dcache::dcache;

#[dcache(key = (list, n))]
fn f(list: &mut Vec<u64>, n: u64) -> u64 {
    list.push(n);
    n
}

fn main() {}
