//! Codes as pictures: drawn for a screen, and read from a photograph.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use qrcode::{Color, EcLevel, QrCode};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The quiet zone around a code, in modules (ISO/IEC 18004, 9.1).
const QUIET: usize = 4;
/// The longest side of a photograph that is looked at.
const SIDE_MOST: u32 = 6_000;
/// The largest photograph that is taken.
pub const BYTES_MOST: usize = 12 * 1024 * 1024;
/// What reading a photograph may take of memory.
const MEMORY_MOST: usize = 256 * 1024 * 1024;

/// A form with a photograph among its fields. None for what is no form, or too large.
pub async fn form(mut sent: Multipart) -> Option<HashMap<String, Vec<u8>>> {
    const FIELDS_MOST: usize = 8;
    let mut fields = HashMap::new();
    while let Some(field) = sent.next_field().await.ok()? {
        let name = field.name()?.to_owned();
        fields.insert(name, field.bytes().await.ok()?.to_vec());
        if fields.len() > FIELDS_MOST {
            return None;
        }
    }
    Some(fields)
}

/// A field of such a form as text.
pub fn text<'a>(fields: &'a HashMap<String, Vec<u8>>, name: &str) -> &'a str {
    fields.get(name).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default().trim()
}

/// The code in such a form: typed into the field `code`, or in the photograph in the field `picture`.
pub fn code_in(fields: &HashMap<String, Vec<u8>>) -> Result<String, PictureError> {
    match (text(fields, "code"), fields.get("picture")) {
        ("", Some(photograph)) if !photograph.is_empty() => read(photograph),
        ("", _) => Err(PictureError::NoCode),
        (typed, _) => Ok(typed.to_owned()),
    }
}

/// What a page's script is told of one look through its camera: the code, or that there is none in it yet.
pub async fn looked(photograph: Bytes) -> Response {
    let read = tokio::task::spawn_blocking(move || read(&photograph)).await;
    let (status, code) = match read {
        Ok(Ok(code)) => (StatusCode::OK, Some(code)),
        Ok(Err(PictureError::NoCode)) => (StatusCode::OK, None),
        Ok(Err(PictureError::Picture)) => (StatusCode::UNPROCESSABLE_ENTITY, None),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    let told = Json(serde_json::json!({ "code": code }));
    (status, [(header::CACHE_CONTROL, "no-store")], told).into_response()
}

/// Why no code was read from a photograph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Not a PNG or JPEG picture, a broken one, or one that is too large.
    #[error("not a picture that can be read")]
    Picture,
    /// There is no code in it, or it cannot be made out.
    #[error("there is no readable code in the picture")]
    NoCode,
}

/// A code ready to be drawn: the modules of the dark part, and the size of all of it with its quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Modules on a side, the quiet zone included.
    pub side: usize,
    /// An SVG path over the dark modules, one unit each.
    pub path: String,
}

/// Draws a text as a code that stays readable with 15 of 100 parts covered. None if it is too long for any code.
pub fn draw(text: &str) -> Option<Drawing> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colours) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (row, line) in colours.chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = line[column..].iter().take_while(|colour| **colour == Color::Dark).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
            }
            column += run.max(1);
        }
    }
    Some(Drawing { side: width + 2 * QUIET, path })
}

impl Drawing {
    /// A picture of its own, dark on light whatever is around it.
    pub fn to_svg(&self) -> String {
        let Drawing { side, path } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{0}\" height=\"{0}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\"{path}\"/></svg>\n",
            side * 8
        )
    }
}

/// Brightness, dot by dot, row by row.
struct Grey {
    width: usize,
    dots: Vec<u8>,
}

/// The text of the code in a photograph.
pub fn read(photograph: &[u8]) -> Result<String, PictureError> {
    if photograph.len() > BYTES_MOST {
        return Err(PictureError::Picture);
    }
    let grey = match photograph {
        [0x89, b'P', b'N', b'G', ..] => portable_network_graphics(photograph),
        [0xFF, 0xD8, 0xFF, ..] => jpeg(photograph),
        _ => None,
    };
    let Grey { width, dots } = grey.filter(|grey| grey.width > 0).ok_or(PictureError::Picture)?;
    let height = dots.len() / width;
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| dots[y * width + x]);
    let texts = prepared.detect_grids().into_iter().filter_map(|grid| grid.decode().ok());
    texts.map(|(_, text)| text).next().ok_or(PictureError::NoCode)
}

fn portable_network_graphics(bytes: &[u8]) -> Option<Grey> {
    let limits = png::Limits { bytes: MEMORY_MOST };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = reader.info().size();
    // A small file can claim a huge picture.
    if width.max(height) > SIDE_MOST {
        return None;
    }
    let mut dots = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut dots).ok()?;
    dots.truncate(frame.buffer_size());
    let width = usize::try_from(width).ok()?;
    let dots = match frame.color_type {
        png::ColorType::Grayscale => dots,
        png::ColorType::GrayscaleAlpha => dots.chunks_exact(2).map(|dot| dot[0]).collect(),
        png::ColorType::Rgb => dots.chunks_exact(3).map(brightness).collect(),
        png::ColorType::Rgba => dots.chunks_exact(4).map(brightness).collect(),
        png::ColorType::Indexed => return None,
    };
    Some(Grey { width, dots })
}

/// Green counts double, as eyes see it.
fn brightness(dot: &[u8]) -> u8 {
    ((u16::from(dot[0]) + 2 * u16::from(dot[1]) + u16::from(dot[2])) / 4) as u8
}

fn jpeg(bytes: &[u8]) -> Option<Grey> {
    let most = usize::try_from(SIDE_MOST).ok()?;
    let options = DecoderOptions::default()
        .set_max_width(most)
        .set_max_height(most)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    let dots = decoder.decode().ok()?;
    let width = usize::from(decoder.info()?.width);
    Some(Grey { width, dots })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The drawing as dots, so many to a module, in a picture of this kind.
    fn photograph(drawing: &Drawing, dots: usize, colour: png::ColorType) -> Vec<u8> {
        let side = drawing.side * dots;
        let mut grey = vec![255; side * side];
        for run in drawing.path.split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let run: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            for row in y * dots..(y + 1) * dots {
                grey[row * side + x * dots..row * side + (x + run) * dots].fill(0);
            }
        }
        let each: Vec<u8> = grey.iter().flat_map(|dot| vec![*dot; colour.samples()]).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side as u32, side as u32);
        encoder.set_color(colour);
        encoder.write_header().unwrap().write_image_data(&each).unwrap();
        bytes
    }

    const GREY: png::ColorType = png::ColorType::Grayscale;

    #[test]
    fn what_is_drawn_is_read() {
        for text in ["1", "000201 \u{62C9}\u{9762}", &"hQVDUFYwMWFZTwigAAADMwEBAVAI".repeat(9)] {
            let drawing = draw(text).unwrap();
            for colour in [GREY, png::ColorType::GrayscaleAlpha, png::ColorType::Rgb, png::ColorType::Rgba] {
                assert_eq!(read(&photograph(&drawing, 3, colour)).as_deref(), Ok(text), "{colour:?}");
            }
        }
        assert_eq!(draw(&"x".repeat(5_000)), None);
    }

    #[test]
    fn other_pictures_are_refused() {
        let blank = Drawing { side: 40, path: String::new() };
        assert_eq!(read(&photograph(&blank, 2, GREY)), Err(PictureError::NoCode));
        let whole = photograph(&draw("a code").unwrap(), 3, GREY);
        assert_eq!(read(&whole[..whole.len() / 2]), Err(PictureError::Picture));
        for bytes in [&b""[..], b"GIF89a", b"<svg/>", &[0; 64], b"\xFF\xD8\xFF\xE0", b"\xFF\xD8\xFF\xD9"] {
            assert_eq!(read(bytes), Err(PictureError::Picture));
        }
        // 65,000 dots to a side, in a file of 33 bytes.
        let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        header.extend([0, 0, 0xFD, 0xE8, 0, 0, 0xFD, 0xE8, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(read(&header), Err(PictureError::Picture));
        assert_eq!(read(&vec![0; BYTES_MOST + 1]), Err(PictureError::Picture));
    }

    #[test]
    fn noise_is_no_code() {
        for seed in 1u64..=24 {
            let mut state = seed;
            let mut encoded = Vec::new();
            let side = 40 + 5 * seed as usize;
            let grain = 1 + seed as usize % 6;
            let mut noise = vec![0u8; side * side];
            for (place, dot) in noise.iter_mut().enumerate() {
                // Knuth's linear congruential generator; grains of several dots look more like modules.
                if (place % side).is_multiple_of(grain) {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                }
                *dot = if state >> 62 == 0 { 0 } else { 255 };
            }
            let mut encoder = png::Encoder::new(&mut encoded, side as u32, side as u32);
            encoder.set_color(GREY);
            encoder.write_header().unwrap().write_image_data(&noise).unwrap();
            assert_eq!(read(&encoded), Err(PictureError::NoCode), "{seed}");
        }
    }
}
