use dcache::dcache;

#[dcache(key = user.idd)]
fn f(user: &User) -> u64 {
    user.id
}

struct User {
    id: u64,
}

fn main() {}
