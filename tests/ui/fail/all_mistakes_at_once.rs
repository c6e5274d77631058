use dcache::dcache;

#[dcache(
    tll = "90s",
    backend = [redis("redis://localhost", tll = "1h"), memory, disk],
    skip(datbase),
    coalesce = 5,
    write = backgroud,
)]
fn f(database: &str, ratio: f64) -> &str {
    let _ = ratio;
    database
}

fn uses(text: &str) {
    let _: &str = f(text, 0.5);
    let _ = f::stats();
}

fn main() {}
