use dcache::dcache;

#[dcache(bypass_if = drop(text) == ())]
fn f(text: String) -> String {
    text
}

fn main() {}
