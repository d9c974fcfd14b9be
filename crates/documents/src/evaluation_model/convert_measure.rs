//! From a document to the domain's model: measures and their parameters.

use super::measure::{
    BestWord, MeasureDocument, MeasureKind as Kind, RatesDocument, WeightWord, WindowDocument,
    WindowUnit,
};
use super::reader::Reader;
use chrono::NaiveDate;
use tiercel_domain::evaluation::{Best, Measure, Rates, Weight};
use tiercel_domain::path::Path;
use tiercel_domain::period::{Window, is_plausible};
use tiercel_domain::scaled::Amount;

impl Reader {
    pub(super) fn measure(&mut self, path: &Path, measure: &MeasureDocument) -> Measure {
        self.newer(&path.field("kind"), measure.kind.is_new());
        self.parameters(path, measure);
        let window = if measure.kind.has_window() {
            self.window(&path.field("window"), &measure.window)
        } else {
            self.unused(&path.field("window"), &measure.window);
            Window::All
        };
        match measure.kind {
            Kind::Revenue => Measure::Revenue { window },
            Kind::OrderCount => Measure::OrderCount { window },
            Kind::PurchaseDays => Measure::PurchaseDays { window },
            Kind::RecencyDays => Measure::RecencyDays,
            Kind::BtydRecencyDays => Measure::BtydRecencyDays,
            Kind::PurchaseIntervalDays => Measure::PurchaseIntervalDays,
            Kind::RhythmOverdue => Measure::RhythmOverdue,
            Kind::AverageOrderValue => Measure::AverageOrderValue { window },
            Kind::ProductBreadth => Measure::ProductBreadth { window },
            Kind::RevenueTrend => Measure::RevenueTrend { window },
            Kind::ProfitContribution => Measure::ProfitContribution { window },
            Kind::Margin => Measure::Margin { window },
            Kind::AverageDaysLate => Measure::AverageDaysLate { window },
            Kind::WorstDaysLate => Measure::WorstDaysLate { window },
            Kind::OverdueAmount => Measure::OverdueAmount,
            Kind::CreditUsed => Measure::CreditUsed,
            Kind::ComplaintSeverity => Measure::ComplaintSeverity { window },
            Kind::ContactCount => Measure::ContactCount { window },
            Kind::ServiceMinutes => Measure::ServiceMinutes { window },
            Kind::ComplaintRate => Measure::ComplaintRate { window },
            Kind::ReturnRate => Measure::ReturnRate { window },
            Kind::TenureMonths => Measure::TenureMonths,
            Kind::OnTimeRate | Kind::SettledOnTimeRate => self.punctuality(path, measure, window),
            Kind::StaffRating => match &measure.decay {
                None => Measure::StaffRating { window },
                Some(decay) => Measure::FadingRating {
                    window,
                    decay: self.decay(&path.field("decay"), decay),
                },
            },
            Kind::NetContribution | Kind::ShareOfProfit => self.profit(path, measure, window),
            Kind::Rank => self.rank(path, measure),
            Kind::Attribute => Measure::Attribute {
                code: self
                    .needed(&path.field("attribute"), &measure.attribute)
                    .cloned()
                    .unwrap_or_default(),
            },
        }
    }

    /// What the kind does not take must not be there; what it takes may need schema 2.
    fn parameters(&mut self, path: &Path, measure: &MeasureDocument) {
        let kind = measure.kind;
        if !matches!(kind, Kind::OnTimeRate | Kind::SettledOnTimeRate) {
            self.unused(&path.field("weight"), &measure.weight);
        }
        if kind != Kind::Attribute {
            self.unused(&path.field("attribute"), &measure.attribute);
        }
        let decay = path.field("decay");
        if kind == Kind::StaffRating {
            self.newer(&decay, measure.decay.is_some());
        } else {
            self.unused(&decay, &measure.decay);
        }
        if kind != Kind::NetContribution {
            self.unused(&path.field("rates"), &measure.rates);
        }
        if kind != Kind::ShareOfProfit {
            self.unused(&path.field("company_profit"), &measure.company_profit);
        }
        if kind != Kind::Rank {
            self.unused(&path.field("of"), &measure.of);
            self.unused(&path.field("ranks"), &measure.ranks);
            self.unused(&path.field("best"), &measure.best);
            self.unused(&path.field("cuts"), &measure.cuts);
        }
    }

    fn punctuality(&mut self, path: &Path, measure: &MeasureDocument, window: Window) -> Measure {
        let weight = match self.needed(&path.field("weight"), &measure.weight) {
            Some(WeightWord::Amount) => Weight::Amount,
            Some(WeightWord::Count) | None => Weight::Count,
        };
        if measure.kind == Kind::OnTimeRate {
            Measure::OnTimeRate { window, weight }
        } else {
            Measure::SettledOnTimeRate { window, weight }
        }
    }

    fn profit(&mut self, path: &Path, measure: &MeasureDocument, window: Window) -> Measure {
        if measure.kind == Kind::NetContribution {
            let field = path.field("rates");
            let rates = self.needed(&field, &measure.rates);
            let rates = rates.map(|rates| self.rates(&field, rates));
            return Measure::NetContribution {
                window,
                rates: rates.unwrap_or_default(),
            };
        }
        let field = path.field("company_profit");
        if measure.company_profit.is_none() {
            let detail = "has not been frozen: it is still to be taken from a portfolio";
            self.fault(&field, "not_frozen", detail);
        }
        let company = self.some_number(&field, measure.company_profit.as_deref());
        Measure::ShareOfProfit {
            window,
            company: company.unwrap_or_default(),
        }
    }

    fn rates(&mut self, path: &Path, rates: &RatesDocument) -> Rates {
        let mut rate = |field: &'static str, text: &Option<String>| -> Amount {
            let place = path.field(field);
            let rate: Amount = self
                .some_number(&place, text.as_deref())
                .unwrap_or_default();
            if rate.is_negative() {
                self.fault(&place, "out_of_range", "must not be below 0");
            }
            rate
        };
        Rates {
            order: rate("order", &rates.order),
            order_line: rate("order_line", &rates.order_line),
            return_: rate("return", &rates.return_),
            complaint: rate("complaint", &rates.complaint),
            contact: rate("contact", &rates.contact),
            service_minute: rate("service_minute", &rates.service_minute),
        }
    }

    fn rank(&mut self, path: &Path, measure: &MeasureDocument) -> Measure {
        let field = path.field("ranks");
        let ranks = self.needed(&field, &measure.ranks).copied().unwrap_or(2);
        if !(2..=100).contains(&ranks) {
            self.fault(&field, "out_of_range", "must be from 2 to 100");
        }
        let best = match self.needed(&path.field("best"), &measure.best) {
            Some(BestWord::Lowest) => Best::Lowest,
            Some(BestWord::Highest) | None => Best::Highest,
        };
        let place = path.field("of");
        let of = match self.needed(&place, &measure.of) {
            Some(of) if of.kind == Kind::Rank => {
                self.fault(&place, "needs_numbers", "a rank cannot be ranked");
                Measure::RecencyDays
            }
            Some(of) => self.measure(&place, of),
            None => Measure::RecencyDays,
        };
        let cuts = self.cuts(&path.field("cuts"), measure, ranks);
        Measure::Rank {
            of: Box::new(of),
            cuts,
            best,
        }
    }

    fn cuts(
        &mut self,
        path: &Path,
        measure: &MeasureDocument,
        ranks: u32,
    ) -> Vec<rust_decimal::Decimal> {
        let Some(cuts) = &measure.cuts else {
            let detail = "have not been frozen: they are still to be taken from a portfolio";
            self.fault(path, "not_frozen", detail);
            return vec![rust_decimal::Decimal::ZERO];
        };
        if u32::try_from(cuts.len()).ok() != ranks.checked_sub(1) {
            let detail = "must be one less than there are ranks";
            self.fault(path, "wrong_number", detail);
        }
        let cuts = cuts.iter().enumerate();
        cuts.map(|(index, text)| {
            let cut: Amount = self.number(&path.index(index), text);
            cut.decimal()
        })
        .collect()
    }

    fn window(&mut self, path: &Path, window: &Option<WindowDocument>) -> Window {
        let Some(window) = self.needed(path, window) else {
            return Window::All;
        };
        let is_new = !matches!(
            window.unit,
            WindowUnit::All | WindowUnit::Days | WindowUnit::Months
        );
        self.newer(&path.field("unit"), is_new);
        let (length, date) = (path.field("length"), path.field("date"));
        if !matches!(window.unit, WindowUnit::Days | WindowUnit::Months) {
            self.unused(&length, &window.length);
        }
        if !matches!(window.unit, WindowUnit::From | WindowUnit::Before) {
            self.unused(&date, &window.date);
        }
        match window.unit {
            WindowUnit::All => Window::All,
            WindowUnit::CalendarYear => Window::CalendarYear,
            WindowUnit::SinceFirstOrder => Window::SinceFirstOrder,
            WindowUnit::Days => {
                Window::Days(self.needed(&length, &window.length).copied().unwrap_or(1))
            }
            WindowUnit::Months => {
                Window::Months(self.needed(&length, &window.length).copied().unwrap_or(1))
            }
            WindowUnit::From => self
                .date(&date, &window.date)
                .map_or(Window::All, Window::From),
            WindowUnit::Before => self
                .date(&date, &window.date)
                .map_or(Window::All, Window::Before),
        }
    }

    fn date(&mut self, path: &Path, text: &Option<String>) -> Option<NaiveDate> {
        let text = self.needed(path, text)?;
        let day = text.parse::<NaiveDate>().ok();
        let day = day.filter(|day| is_plausible(*day) && day.to_string() == *text);
        if day.is_none() {
            self.fault(path, "not_a_date", "must be a date such as 2026-01-31");
        }
        day
    }
}
