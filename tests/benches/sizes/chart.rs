//! A chart for the documents: the cost of a check beside the size of the data.

use crate::measure::Measured;
use plotters::prelude::*;
use std::path::Path;

/// Its name, its colour, and what it shows of each size.
type Line = (&'static str, RGBColor, fn(&Measured) -> f64);

/// Draws microseconds a check, middle and 99th percentile, over grants.
pub(crate) fn draw(file: &Path, points: &[Measured]) {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).expect("a folder for the chart");
    }
    drawn(file, points).expect("a chart");
}

fn drawn(file: &Path, points: &[Measured]) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::new(file, (760, 420)).into_drawing_area();
    root.fill(&WHITE)?;
    let sizes = || points.iter().map(|point| point.grants);
    let (low, high) = (sizes().fold(f64::MAX, f64::min), sizes().fold(0.0, f64::max));
    let most = points.iter().map(|point| point.p99 / 1e3).fold(1.0, f64::max) * 1.2;
    let mut chart = ChartBuilder::on(&root)
        .caption("One check in process, by size of the data", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d((low * 0.8..high * 1.25).log_scale(), 0.0..most)?;
    chart
        .configure_mesh()
        .x_desc("grants (logarithmic)")
        .y_desc("microseconds")
        .x_label_formatter(&|grants| match *grants {
            grants if grants >= 1e6 => format!("{:.0} M", grants / 1e6),
            grants => format!("{:.0} k", grants / 1e3),
        })
        .draw()?;
    let lines: [Line; 2] =
        [("middle", BLUE, |point| point.middle), ("99th percentile", RED, |point| point.p99)];
    for (name, colour, pick) in lines {
        let line = || points.iter().map(|point| (point.grants, pick(point) / 1e3));
        chart
            .draw_series(LineSeries::new(line(), colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
        chart.draw_series(line().map(|point| Circle::new(point, 4, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()?;
    root.present()?;
    Ok(())
}
