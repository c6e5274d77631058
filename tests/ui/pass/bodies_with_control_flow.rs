use std::num::ParseIntError;

use dcache::dcache;

#[dcache]
fn early(n: u32) -> Result<u32, ParseIntError> {
    if n == 1 {
        return Ok(1);
    }
    let parsed: u32 = "17".parse()?;
    let found = 'found: {
        for i in 0.. {
            if i * i > parsed {
                break 'found i;
            }
        }
        0
    };
    Ok(found)
}

#[dcache]
async fn loops(n: u32) -> Option<u32> {
    let mut sum = 0;
    'outer: loop {
        for i in 0..n {
            std::future::ready(i).await;
            if i == 3 {
                break 'outer;
            }
            if i % 2 == 0 {
                continue;
            }
            sum += i;
        }
        while sum < 10 {
            sum += 5;
        }
        return Some(sum);
    }
    let half = sum.checked_div(n - 4)?;
    Some(half)
}

#[dcache]
fn diverges_in_part(n: u32) -> u32 {
    match n {
        0 => panic!("none"),
        1 => unreachable!(),
        2 => return 7,
        n => n,
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u32);

impl Shop {
    #[dcache]
    fn method(&self, n: u32) -> Result<u32, String> {
        let Some(rest) = n.checked_sub(self.0) else { return Err("too small".to_owned()) };
        let text: Result<u32, ParseIntError> = rest.to_string().parse();
        Ok(text.map_err(|error| error.to_string())?)
    }

    #[dcache]
    async fn waits(&self, n: u32) -> Result<u32, String> {
        for i in 0..n {
            if i > 2 {
                return Ok(self.method(i + self.0)?);
            }
            std::future::ready(()).await;
        }
        Err("too small")?
    }
}

pub(crate) fn main() {
    assert_eq!((early(1), early(2)), (Ok(1), Ok(5)));
    assert_eq!(pollster::block_on(loops(2)), Some(11));
    assert_eq!(pollster::block_on(loops(4)), None);
    assert_eq!((diverges_in_part(2), diverges_in_part(3)), (7, 3));
    assert_eq!((Shop(2).method(1).ok(), Shop(2).method(5)), (None, Ok(3)));
    assert_eq!(pollster::block_on(Shop(1).waits(5)), Ok(3));
    assert!(pollster::block_on(Shop(1).waits(1)).is_err());
}
