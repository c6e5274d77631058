use dcache::dcache;

#[dcache]
fn f(names: &[&str]) -> usize {
    names.len()
}

struct Row<'a>(&'a str);

#[dcache]
fn g(row: Row<'_>) -> usize {
    row.0.len()
}

fn main() {}
