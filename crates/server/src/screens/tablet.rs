//! The tablet, the one figure of all screens: a tall rounded shape with a round hole, and what became of it.

use crate::picture::Drawing;
use std::fmt::Write;

/// A tablet in a box: width, height, radius of the corners; middle and radius of the hole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tablet {
    /// Width of the box.
    pub width: f64,
    /// Height of the box.
    pub height: f64,
    /// Radius of its corners.
    pub radius: f64,
    /// Middle of the hole, from the left.
    pub hole_x: f64,
    /// Middle of the hole, from the top.
    pub hole_y: f64,
    /// Radius of the hole; 0 for none.
    pub hole: f64,
}

/// The mark in bars.
pub const MARK: Tablet = tablet(40.0, 64.0, 12.0, 20.0, 15.0, 6.0);
/// A result.
pub const RESULT: Tablet = tablet(56.0, 88.0, 16.0, 28.0, 17.0, 6.0);
/// A party in a diagram.
pub const PARTY: Tablet = tablet(56.0, 88.0, 16.0, 28.0, 15.0, 5.0);
/// A card held up to pay.
pub const HELD_UP: Tablet = tablet(216.0, 342.0, 34.0, 108.0, 30.0, 9.0);
/// A card lying in the wallet.
pub const LYING: Tablet = tablet(342.0, 216.0, 18.0, 316.0, 108.0, 8.0);

const fn tablet(width: f64, height: f64, radius: f64, hole_x: f64, hole_y: f64, hole: f64) -> Tablet {
    Tablet { width, height, radius, hole_x, hole_y, hole }
}

impl Tablet {
    /// The outline as path data, to be filled with the rule `evenodd`.
    pub fn path(&self) -> String {
        let Tablet { width: w, height: h, radius: r, hole_x: x, hole_y: y, hole } = *self;
        let (right, bottom) = (w - r, h - r);
        let mut path = format!(
            "M{r} 0H{right}Q{w} 0 {w} {r}V{bottom}Q{w} {h} {right} {h}H{r}Q0 {h} 0 {bottom}V{r}Q0 0 {r} 0Z"
        );
        if hole > 0.0 {
            let (left, right) = (x - hole, x + hole);
            let _ =
                write!(path, "M{right} {y}A{hole} {hole} 0 1 0 {left} {y}A{hole} {hole} 0 1 0 {right} {y}Z");
        }
        path
    }
}

/// The mark, so many CSS pixels high. It says nothing: the name stands beside it.
pub fn mark(height: u32) -> String {
    let width = height * 40 / 64;
    format!(
        "<svg class=\"mark\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 40 64\" aria-hidden=\"true\">\
         <path fill-rule=\"evenodd\" d=\"{}\"/></svg>",
        MARK.path()
    )
}

/// A code that is shown: the tablet that carries it.
pub const CODE: Tablet = tablet(322.0, 386.0, 44.0, 161.0, 34.0, 10.0);

/// A code on a tablet, dark on light in both themes, with its quiet zone. `label` says what it is.
pub fn code_panel(code: &Drawing, label: &str) -> String {
    let Drawing { side, path } = code;
    let label = label.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    // The tablet's inner width, less what its corners take.
    let scale = 290.0 / *side as f64;
    format!(
        "<svg class=\"code-panel\" viewBox=\"0 0 322 386\" role=\"img\" aria-label=\"{label}\">\
         <path class=\"code-light\" fill-rule=\"evenodd\" d=\"{}\"/>\
         <path class=\"code-dark\" shape-rendering=\"crispEdges\" transform=\"translate(16 66) scale({scale:.4})\" d=\"{path}\"/></svg>",
        CODE.path()
    )
}

/// How a payment ended. The shapes differ before their colours do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was done: filled, with a tick.
    Done,
    /// Not known yet: a dashed outline with an hourglass.
    Unknown,
    /// It did not happen: broken in two.
    NotDone,
    /// There is nothing here yet: a thin outline.
    Empty,
}

impl End {
    /// The figure, so many CSS pixels high. It says nothing: a sentence stands beside it.
    pub fn figure(self, height: u32) -> String {
        let width = height * 64 / 96;
        let inside = match self {
            End::Done => format!(
                "<path class=\"whole\" fill-rule=\"evenodd\" d=\"{}\"/><path class=\"tick\" d=\"m15 51 9 9 17-19\"/>",
                RESULT.path()
            ),
            End::Unknown => {
                "<rect class=\"dashed\" x=\"2\" y=\"2\" width=\"52\" height=\"84\" rx=\"14\"/>\
                 <circle class=\"thin\" cx=\"28\" cy=\"17\" r=\"6\"/>\
                 <path class=\"thin\" d=\"M18 36h20M18 68h20M20 36v5c0 6 8 7 8 11s-8 5-8 11v5M36 36v5c0 6-8 7-8 11s8 5 8 11v5\"/>"
                    .to_owned()
            }
            End::NotDone => {
                "<path class=\"piece\" d=\"M14 2h28q12 0 12 12v25L34 46l-8-10L2 45V14Q2 2 14 2Z\"/>\
                 <circle class=\"thin\" cx=\"28\" cy=\"17\" r=\"6\"/>\
                 <path class=\"piece\" transform=\"translate(-3 5) rotate(-3 28 68)\" \
                 d=\"M2 54l22-9 8 10 22-7v24q0 12-12 12H14Q2 84 2 72Z\"/>"
                    .to_owned()
            }
            End::Empty => {
                "<rect class=\"outline\" x=\"1\" y=\"1\" width=\"54\" height=\"86\" rx=\"15\"/>\
                 <circle class=\"outline\" cx=\"28\" cy=\"17\" r=\"6\"/>"
                    .to_owned()
            }
        };
        let class = match self {
            End::Done => "done",
            End::Unknown => "unknown",
            End::NotDone => "notdone",
            End::Empty => "empty",
        };
        format!(
            "<svg class=\"end {class}\" width=\"{width}\" height=\"{height}\" viewBox=\"-4 -2 64 96\" \
             aria-hidden=\"true\">{inside}</svg>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_closes_around_its_hole() {
        assert_eq!(
            MARK.path(),
            "M12 0H28Q40 0 40 12V52Q40 64 28 64H12Q0 64 0 52V12Q0 0 12 0Z\
             M26 15A6 6 0 1 0 14 15A6 6 0 1 0 26 15Z"
        );
        let badge = Tablet { hole: 0.0, ..MARK };
        assert_eq!(badge.path().matches('Z').count(), 1);
    }

    #[test]
    fn four_ends_are_four_shapes() {
        let ends = [End::Done, End::Unknown, End::NotDone, End::Empty];
        let figures = ends.map(|end| end.figure(96));
        for (at, figure) in figures.iter().enumerate() {
            assert!(figures[at + 1..].iter().all(|other| other != figure));
            assert!(!figure.contains("style=") && !figure.contains('\n'), "{figure}");
        }
    }
}
