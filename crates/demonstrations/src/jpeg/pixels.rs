//! From coefficients to samples, and from samples to pixels, in libjpeg's whole numbers.

/// The samples of one component, whole blocks.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    samples: Vec<u8>,
    /// Samples of a row, those beyond the image counted.
    stride: usize,
    /// Rows and columns within the image.
    height: usize,
    width: usize,
}

impl Plane {
    /// `rows` by `stride` samples, of which `height` by `width` are within the image.
    pub(super) fn new(rows: usize, stride: usize, height: usize, width: usize) -> Plane {
        Plane {
            samples: vec![0; rows * stride],
            stride,
            height,
            width,
        }
    }

    /// Transforms the coefficients of a block and puts its samples in row and column of the blocks.
    pub(super) fn put(&mut self, block: &[i32; 64], (row, column): (usize, usize)) {
        let samples = inverse(block);
        for (index, samples) in samples.chunks_exact(8).enumerate() {
            let start = (8 * row + index) * self.stride + 8 * column;
            self.samples[start..start + 8].copy_from_slice(samples);
        }
    }

    /// A row within the image; beyond its edges the nearest.
    fn row(&self, row: isize) -> &[u8] {
        let row = row.clamp(0, self.height as isize - 1) as usize;
        &self.samples[row * self.stride..row * self.stride + self.width]
    }
}

/// Fractions of the transform are kept in 13 bits, and 2 more between its passes.
const CONST_BITS: u32 = 13;
const PASS_BITS: u32 = 2;

/// The inverse discrete cosine transform of Loeffler, Ligtenberg and Moschytz (1989), as `jidctint` has it.
fn inverse(block: &[i32; 64]) -> [u8; 64] {
    let mut between = [0_i64; 64];
    for column in 0..8 {
        let line = std::array::from_fn(|row| i64::from(block[8 * row + column]));
        for (row, value) in line_inverse(line, CONST_BITS - PASS_BITS)
            .into_iter()
            .enumerate()
        {
            between[8 * row + column] = value;
        }
    }
    let mut samples = [0; 64];
    for row in 0..8 {
        let line = std::array::from_fn(|column| between[8 * row + column]);
        for (column, value) in line_inverse(line, CONST_BITS + PASS_BITS + 3)
            .into_iter()
            .enumerate()
        {
            samples[8 * row + column] = (value + 128).clamp(0, 255) as u8;
        }
    }
    samples
}

/// One line, its results divided by 2 to the `shift` and rounded.
fn line_inverse(x: [i64; 8], shift: u32) -> [i64; 8] {
    let common = (x[2] + x[6]) * 4433;
    let (even_2, even_3) = (common - x[6] * 15137, common + x[2] * 6270);
    let (even_0, even_1) = ((x[0] + x[4]) << CONST_BITS, (x[0] - x[4]) << CONST_BITS);
    let even = [
        even_0 + even_3,
        even_1 + even_2,
        even_1 - even_2,
        even_0 - even_3,
    ];

    let (z1, z2, z3, z4) = (x[7] + x[1], x[5] + x[3], x[7] + x[3], x[5] + x[1]);
    let z5 = (z3 + z4) * 9633;
    let (z1, z2) = (-z1 * 7373, -z2 * 20995);
    let (z3, z4) = (z5 - z3 * 16069, z5 - z4 * 3196);
    let odd = [
        x[1] * 12299 + z1 + z4,
        x[3] * 25172 + z2 + z3,
        x[5] * 16819 + z2 + z4,
        x[7] * 2446 + z1 + z3,
    ];
    let round = |value: i64| (value + (1 << (shift - 1))) >> shift;
    std::array::from_fn(|index| match index {
        0..4 => round(even[index] + odd[index]),
        _ => round(even[7 - index] - odd[7 - index]),
    })
}

/// Joins the components into pixels: grey as they are, three from YCbCr to RGB, chrominance brought to the size of
/// luminance where that is sampled `across` and `down` times as finely.
pub(super) fn join(
    planes: &[Plane],
    (across, down): (usize, usize),
    height: usize,
    width: usize,
    pixels: &mut Vec<u8>,
) {
    let [luminance, blue, red] = planes else {
        for row in 0..height {
            pixels.extend_from_slice(&planes[0].row(row as isize)[..width]);
        }
        return;
    };
    let (mut blues, mut reds) = (vec![], vec![]);
    for row in 0..height {
        for (plane, line) in [(blue, &mut blues), (red, &mut reds)] {
            upsample(plane, (across, down), row, line);
        }
        let values = luminance
            .row(row as isize)
            .iter()
            .zip(blues.iter().zip(&reds))
            .take(width);
        for (y, (cb, cr)) in values {
            pixels.extend(rgb(
                i32::from(*y),
                i32::from(*cb) - 128,
                i32::from(*cr) - 128,
            ));
        }
    }
}

/// JFIF's matrix, in 16 bits of fraction.
fn rgb(y: i32, cb: i32, cr: i32) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let red = y + ((91_881 * cr + HALF) >> 16);
    let green = y + ((-22_554 * cb - 46_802 * cr + HALF) >> 16);
    let blue = y + ((116_130 * cb + HALF) >> 16);
    [red, green, blue].map(|value| value.clamp(0, 255) as u8)
}

/// One row at the size of luminance: three parts of the nearest sample and one of the next, in each direction.
fn upsample(plane: &Plane, (across, down): (usize, usize), row: usize, line: &mut Vec<u8>) {
    line.clear();
    let nearest = (row / down) as isize;
    if across == 1 {
        line.extend_from_slice(plane.row(nearest));
        return;
    }
    // Sums over rows in 2 more bits where there are rows between, and what is added to round to the left and right.
    let sums: Vec<i32> = match down {
        1 => plane.row(nearest).iter().map(|x| i32::from(*x)).collect(),
        _ => {
            let next = nearest + if row.is_multiple_of(2) { -1 } else { 1 };
            let rows = plane.row(nearest).iter().zip(plane.row(next));
            rows.map(|(near, far)| 3 * i32::from(*near) + i32::from(*far))
                .collect()
        }
    };
    let (left, right, shift) = if down == 1 { (1, 2, 2) } else { (8, 7, 4) };
    let last = sums.len() - 1;
    for (index, sum) in sums.iter().enumerate() {
        let before = sums[index.saturating_sub(1)];
        let after = sums[last.min(index + 1)];
        line.push(((3 * sum + before + left) >> shift) as u8);
        line.push(((3 * sum + after + right) >> shift) as u8);
    }
}
