//! What an SDU carries: its number, its stream, a pattern that is another one in each SDU, and a checksum of all of it.

const WORD: usize = 8;
/// What each word of the pattern is more than the one before it.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn head(stream: usize, number: u32) -> [u8; WORD] {
    (u64::from(number) | (stream as u64) << 32).to_le_bytes()
}

/// Fletcher's sums over words.
#[derive(Clone, Copy, Default)]
struct Sums(u64, u64);

impl Sums {
    fn add(&mut self, word: [u8; WORD]) {
        self.0 = self.0.wrapping_add(u64::from_le_bytes(word));
        self.1 = self.1.wrapping_add(self.0);
    }

    fn whole(self) -> [u8; WORD] {
        (self.0 ^ self.1.rotate_left(32)).to_le_bytes()
    }
}

/// The SDU of this number.
pub(super) fn fill(stream: usize, number: u32, sdu: &mut [u8]) {
    let (body, checksum) = sdu.split_last_chunk_mut::<WORD>().expect("it has room for a checksum");
    let (words, rest) = body.as_chunks_mut::<WORD>();
    let (first, words) = words.split_first_mut().expect("it has room for its number");
    let mut sums = Sums::default();
    *first = head(stream, number);
    sums.add(*first);
    let mut pattern = u64::from(number).wrapping_mul(STEP);
    for word in words {
        pattern = pattern.wrapping_add(STEP);
        *word = pattern.to_le_bytes();
        sums.add(*word);
    }
    rest.fill(number as u8);
    let mut last = [0; WORD];
    last[..rest.len()].copy_from_slice(rest);
    sums.add(last);
    *checksum = sums.whole();
}

/// Its number, if it is whole and of this stream.
pub(super) fn read(stream: usize, sdu: &[u8]) -> Option<u32> {
    let (body, checksum) = sdu.split_last_chunk::<WORD>()?;
    let (words, rest) = body.as_chunks::<WORD>();
    let mut sums = Sums::default();
    words.iter().for_each(|word| sums.add(*word));
    let mut last = [0; WORD];
    last[..rest.len()].copy_from_slice(rest);
    sums.add(last);
    let number = u32::from_le_bytes(*words.first()?.first_chunk()?);
    (sums.whole() == *checksum && *words.first()? == head(stream, number)).then_some(number)
}

#[test]
fn damage_is_noticed() {
    let mut sdu = [0; 242];
    fill(3, 70_000, &mut sdu);
    assert_eq!(read(3, &sdu), Some(70_000));
    assert_eq!(read(2, &sdu), None, "it is another stream's");
    for place in 0..sdu.len() {
        sdu[place] ^= 0x40;
        assert_eq!(read(3, &sdu), None, "octet {place} is another one");
        sdu[place] ^= 0x40;
    }
    sdu.copy_within(8..16, 24);
    assert_eq!(read(3, &sdu), None, "a word stands twice");
}
