use dcache::dcache;

struct User {
    id: u64,
}

#[dcache(key = "user:{user.idd}")]
fn f(user: &User) -> u64 {
    user.id
}

fn main() {}
