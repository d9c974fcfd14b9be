//! Charts as SVG: dark ink on paper, light ink on a dark screen, and nothing that runs or loads.

use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
/// Room for labels: left, right, top, bottom.
const MARGIN: (f64, f64, f64, f64) = (72.0, 24.0, 64.0, 56.0);

/// Colours by theme: a screen that is dark turns them, paper never does.
const STYLE: &str = "\
svg{--ink:#1f2328;--soft:#59636e;--grid:#d1d9e0;--back:#ffffff;--c0:#0b6e4f;--c1:#3a7ca5;--c2:#c77d0a;--c3:#8a4f9e;--c4:#6b7280;--bad:#b42318;color-scheme:light dark;font:12px system-ui,'Noto Sans','Noto Sans SC',sans-serif}\
@media screen and (prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9198a1;--grid:#30363d;--back:#0d1117;--c0:#3fb68b;--c1:#6cb6e8;--c2:#e3a23b;--c3:#c38bd9;--c4:#9aa4b2;--bad:#ff7b72}}\
.back{fill:var(--back)}.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}\
.label{fill:var(--soft)}.title{fill:var(--ink);font-size:16px;font-weight:600}.note{fill:var(--ink)}\
.line{fill:none;stroke:var(--c1);stroke-width:2.5;stroke-linejoin:round}.mark{fill:var(--bad)}.markline{stroke:var(--bad);stroke-width:1;stroke-dasharray:4 4}\
.s0{fill:var(--c0)}.s1{fill:var(--c1)}.s2{fill:var(--c2)}.s3{fill:var(--c3)}.s4{fill:var(--c4)}.cell{fill:var(--c1)}.stay{fill:var(--c0)}.down{fill:var(--c2)}";

/// A chart under way.
pub struct Chart {
    body: String,
    title: String,
}

/// Where a value lies between two ends.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
}

impl Scale {
    fn share(self, value: f64) -> f64 {
        let span = self.high - self.low;
        if span <= 0.0 {
            return 0.0;
        }
        ((value - self.low) / span).clamp(0.0, 1.0)
    }

    fn x(self, value: f64) -> f64 {
        MARGIN.0 + self.share(value) * (WIDTH - MARGIN.0 - MARGIN.1)
    }

    fn y(self, value: f64) -> f64 {
        HEIGHT - MARGIN.3 - self.share(value) * (HEIGHT - MARGIN.2 - MARGIN.3)
    }

    /// A scale from zero (or below) whose ends and steps are round numbers, and its step.
    pub fn round(low: f64, high: f64) -> (Self, f64) {
        let (low, high) = (low.min(0.0), high.max(low + 1e-9).max(0.0));
        let rough = (high - low).max(1e-9) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough)
            .unwrap_or(power * 10.0);
        let scale = Self {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
        };
        (scale, step)
    }

    fn ticks(self, step: f64) -> Vec<f64> {
        let mut ticks = Vec::new();
        let mut tick = self.low;
        while tick <= self.high + step / 2.0 && ticks.len() < 40 {
            ticks.push(tick);
            tick += step;
        }
        ticks
    }
}

/// A text as XML has it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter if letter.is_control() => {}
            letter => safe.push(letter),
        }
    }
    safe
}

impl Chart {
    pub fn new(title: &str) -> Self {
        Self {
            body: String::new(),
            title: title.to_owned(),
        }
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a text does not fail.
        let _ = self.body.write_fmt(element);
    }

    fn text(&mut self, class: &str, anchor: &str, (x, y): (f64, f64), text: &str) {
        let text = escaped(text);
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    fn rule(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.add(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    fn bar(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), told: &str) {
        let told = escaped(told);
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{told}</title></rect>"
        ));
    }

    /// Horizontal lines with what they mean.
    fn grid(&mut self, scale: Scale, step: f64, show: impl Fn(f64) -> String) {
        for tick in scale.ticks(step) {
            let y = scale.y(tick);
            self.rule("grid", (MARGIN.0, y), (WIDTH - MARGIN.1, y));
            self.text("label", "end", (MARGIN.0 - 8.0, y + 4.0), &show(tick));
        }
    }

    /// A line through points, with a mark at one of them.
    pub fn line(
        &mut self,
        points: &[(f64, f64)],
        marked: Option<((f64, f64), &str)>,
        x_title: &str,
    ) {
        let last = points.last().map_or(1.0, |point| point.0);
        let values = points.iter().map(|point| point.1);
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (up, step) = Scale::round(low, high);
        let (along, every) = Scale::round(0.0, last);
        let along = Scale {
            high: last,
            ..along
        };
        self.grid(up, step, |tick| format!("{:.0} %", tick * 100.0));
        for tick in along.ticks(every).into_iter().filter(|tick| *tick <= last) {
            let at = (along.x(tick), HEIGHT - MARGIN.3 + 18.0);
            self.text("label", "middle", at, &format!("{tick:.0}"));
        }
        self.text("label", "end", (WIDTH - MARGIN.1, HEIGHT - 12.0), x_title);
        let whole = up.y(1.0);
        self.rule("axis", (MARGIN.0, whole), (WIDTH - MARGIN.1, whole));
        let mut path = format!("M{:.1},{:.1}", along.x(0.0), up.y(0.0));
        for (x, y) in points {
            let _ = write!(path, "L{:.1},{:.1}", along.x(*x), up.y(*y));
        }
        self.add(format_args!("<path class=\"line\" d=\"{path}\"/>"));
        if let Some(((x, y), told)) = marked {
            let (x, y) = (along.x(x), up.y(y));
            self.rule("markline", (x, y), (x, HEIGHT - MARGIN.3));
            self.add(format_args!(
                "<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>"
            ));
            let anchor = if x > WIDTH / 2.0 { "end" } else { "start" };
            // Below the curve, where nothing else stands.
            let beside = if x > WIDTH / 2.0 { x - 10.0 } else { x + 10.0 };
            self.text("note", anchor, (beside, y + 24.0), told);
        }
    }

    /// One stacked bar for each label; parts in the order of the legend.
    pub fn bars(&mut self, legend: &[String], bars: &[(String, Vec<f64>)]) {
        let sums = bars.iter().map(|(_, parts)| parts.iter().sum::<f64>());
        let (up, step) = Scale::round(0.0, sums.fold(0.0, f64::max));
        self.grid(up, step, |tick| format!("{tick:.0}"));
        let room = (WIDTH - MARGIN.0 - MARGIN.1) / (bars.len().max(1) as f64);
        let wide = (room * 0.7).min(64.0);
        let every = bars.len().div_ceil(9).max(1);
        for (place, (label, parts)) in bars.iter().enumerate() {
            let middle = MARGIN.0 + room * (place as f64 + 0.5);
            let mut below = 0.0;
            for (part, value) in parts.iter().enumerate() {
                let (top, bottom) = (up.y(below + value), up.y(below));
                let name = legend.get(part).map_or("", String::as_str);
                let told = format!("{label}, {name}: {value}");
                let class = format!("s{}", part.min(4));
                let corner = (middle - wide / 2.0, top);
                self.bar(&class, corner, (wide, (bottom - top).max(0.0)), &told);
                below += value;
            }
            if place.is_multiple_of(every) {
                self.text("label", "middle", (middle, HEIGHT - MARGIN.3 + 18.0), label);
            }
        }
        let ground = up.y(0.0);
        self.rule("axis", (MARGIN.0, ground), (WIDTH - MARGIN.1, ground));
        self.legend(legend);
    }

    fn legend(&mut self, names: &[String]) {
        let mut x = MARGIN.0;
        let named = names
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.is_empty());
        for (part, name) in named {
            let class = format!("s{}", part.min(4));
            self.bar(&class, (x, HEIGHT - 20.0), (10.0, 10.0), name);
            self.text("note", "start", (x + 15.0, HEIGHT - 11.0), name);
            x += 35.0 + 7.5 * (name.chars().count() as f64);
        }
    }

    /// A square of counts: who was where, and where it is now.
    pub fn matrix(&mut self, names: &[String], count: impl Fn(usize, usize) -> u64) {
        let sides = names.len().max(1);
        let (left, top) = (150.0, 96.0);
        let wide = (WIDTH - left - MARGIN.1) / (sides as f64);
        let high = (HEIGHT - top - 24.0) / (sides as f64);
        let most = (0..sides).flat_map(|row| (0..sides).map(move |column| (row, column)));
        let most = most
            .map(|(row, column)| count(row, column))
            .max()
            .unwrap_or(0)
            .max(1);
        for (row, from) in names.iter().enumerate() {
            let y = top + high * (row as f64);
            self.text("note", "end", (left - 10.0, y + high / 2.0 + 4.0), from);
            let x = left + wide * (row as f64 + 0.5);
            self.text("note", "middle", (x, top - 10.0), from);
            for (column, to) in names.iter().enumerate() {
                let many = count(row, column);
                let x = left + wide * (column as f64);
                let class = match row.cmp(&column) {
                    std::cmp::Ordering::Equal => "stay",
                    std::cmp::Ordering::Greater => "cell",
                    std::cmp::Ordering::Less => "down",
                };
                // The root keeps small numbers visible beside large ones.
                let dense = 0.12 + 0.55 * (many as f64 / most as f64).sqrt();
                let told = escaped(&format!("{from} → {to}: {many}"));
                let (w, h) = (wide - 4.0, high - 4.0);
                self.add(format_args!(
                    "<rect class=\"{class}\" opacity=\"{dense:.2}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"3\"><title>{told}</title></rect>"
                ));
                let at = (x + wide / 2.0 - 2.0, y + high / 2.0 + 3.0);
                self.text("title", "middle", at, &many.to_string());
            }
        }
    }

    /// The chart as a document of its own.
    pub fn finish(self, subtitle: &str) -> String {
        let (title, subtitle) = (escaped(&self.title), escaped(subtitle));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{title}\">\
             <style>{STYLE}</style><rect class=\"back\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\
             <text class=\"title\" x=\"24\" y=\"30\">{title}</text><text class=\"label\" x=\"24\" y=\"49\">{subtitle}</text>{}</svg>\n",
            self.body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_steps_around_everything() {
        for (low, high) in [
            (0.0, 1.2487),
            (-0.3, 1.0),
            (0.0, 793.0),
            (0.0, 0.0),
            (-5.0, -1.0),
        ] {
            let (scale, step) = Scale::round(low, high);
            assert!(scale.low <= low && high <= scale.high, "{low} {high}");
            assert!(scale.ticks(step).len() <= 12, "{low} {high} {step}");
        }
    }

    #[test]
    fn names_cannot_become_markup() {
        let mut chart = Chart::new("<script>");
        chart.bars(&["\"&<b>".to_owned()], &[("<i>".to_owned(), vec![1.0])]);
        let text = chart.finish("'");
        assert!(!text.contains("<script") && !text.contains("<b>") && !text.contains("<i>"));
    }
}
