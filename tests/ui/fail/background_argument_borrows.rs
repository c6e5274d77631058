use dcache::dcache;

struct View<'a>(&'a str);

#[dcache(ttl = "1h", stale_while_revalidate = "10m", skip(view))]
fn f(view: View<'_>, n: u64) -> u64 {
    n + view.0.len() as u64
}

fn main() {}
