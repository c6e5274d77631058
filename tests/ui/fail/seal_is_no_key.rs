use dcache::dcache;

const TEXT: &str = "correct horse battery staple";

#[dcache(backend = fs, seal = TEXT)]
fn text(n: u64) -> u64 {
    n
}

#[dcache(backend = fs, seal = [7u8; 16])]
fn too_short(n: u64) -> u64 {
    n
}

#[dcache(backend = fs, seal = std::env::var("KEY").ok())]
fn optional(n: u64) -> u64 {
    n
}

#[dcache(backend = fs, seal = Ok::<_, std::env::VarError>([7u8; 64]))]
fn too_long(n: u64) -> u64 {
    n
}

fn main() {}
