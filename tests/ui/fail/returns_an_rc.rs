use dcache::dcache;

#[dcache]
fn f(n: u64) -> std::rc::Rc<u64> {
    n.into()
}

fn main() {}
