use dcache::dcache;

#[dcache(key = "user:{user.id()}")]
fn f(user: &User) -> u64 {
    user.id()
}

struct User;

impl User {
    fn id(&self) -> u64 {
        1
    }
}

fn main() {}
