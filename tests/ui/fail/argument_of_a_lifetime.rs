use dcache::dcache;

#[dcache]
fn f<'a>(row: Row<'a>) -> usize {
    row.0.len()
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Row<'a>(&'a str);

fn main() {}
