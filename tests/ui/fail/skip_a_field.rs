use dcache::dcache;

#[dcache(skip(user.name))]
fn f(user: &(u64, String)) -> u64 {
    user.0
}

fn main() {}
