use dcache::dcache;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Grid<const W: usize, const H: usize>([[u8; W]; H]);

impl<const W: usize, const H: usize> Grid<W, H> {
    #[dcache]
    fn sum(&self) -> u32 {
        self.0.iter().flatten().map(|n| u32::from(*n)).sum()
    }

    #[dcache]
    fn area<const D: usize>(scale: usize) -> usize {
        W * H * D * scale
    }

    #[dcache]
    async fn flat<const UP: bool>(self) -> Vec<u8> {
        let mut all: Vec<u8> = self.0.into_iter().flatten().collect();
        if !UP {
            all.reverse();
        }
        all
    }
}

pub(crate) fn main() {
    assert_eq!(Grid([[1, 2], [3, 4]]).sum(), 10);
    assert_eq!((Grid::<1, 2>::area::<3>(1), Grid::<1, 2>::area::<4>(1), Grid::<2, 2>::area::<4>(1)), (6, 8, 16));
    assert_eq!(pollster::block_on(Grid([[1, 2]]).flat::<true>()), [1, 2]);
    assert_eq!(pollster::block_on(Grid([[1, 2]]).flat::<false>()), [2, 1]);
}
