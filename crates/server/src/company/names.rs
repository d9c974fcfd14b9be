//! What people, companies and their telephones are called in six countries.

use super::random::Random;

pub struct Country {
    pub code: &'static str,
    /// Customers of a hundred.
    pub share: i64,
    pub regions: &'static [&'static str],
    given: &'static [&'static str],
    family: &'static [&'static str],
    trades: &'static [&'static str],
    forms: &'static [&'static str],
    /// Trunk prefix and area code, digits that follow, and the least first of them.
    phones: &'static [(&'static str, usize, i64)],
    calling: &'static str,
    trunk: &'static str,
}

pub const COUNTRIES: &[Country] = &[
    Country {
        code: "DE",
        share: 48,
        regions: &[
            "Bayern",
            "Hessen",
            "NRW",
            "Sachsen",
            "Berlin",
            "Hamburg",
            "Baden-Württemberg",
        ],
        given: &[
            "Anna", "Jonas", "Lena", "Felix", "Miriam", "Tobias", "Katrin", "Stefan", "Emre",
        ],
        family: &[
            "Müller", "Schmidt", "Fischer", "Weber", "Wagner", "Becker", "Hoffmann", "Koch",
            "Richter", "Klein", "Wolf", "Neumann", "Braun", "Krüger", "Hartmann", "Lange",
            "Werner", "Krause", "Lehmann", "Köhler", "Maier", "Kaiser", "Fuchs", "Scholz", "Vogel",
            "Jung", "Hahn", "Keller", "Berger", "Winkler", "Lorenz", "Albrecht",
        ],
        trades: &[
            "Maschinenbau",
            "Antriebstechnik",
            "Anlagenbau",
            "Automation",
            "Logistik",
            "Verpackung",
            "Metallbau",
            "Elektrotechnik",
            "Präzision",
            "Werkzeuge",
            "Fördertechnik",
            "Industrieservice",
            "Kunststofftechnik",
            "Robotik",
        ],
        forms: &["GmbH", "GmbH", "GmbH & Co. KG", "AG", "KG", "e. K."],
        phones: &[
            ("030", 8, 2),
            ("089", 8, 2),
            ("040", 8, 3),
            ("069", 8, 2),
            ("0171", 7, 2),
        ],
        calling: "+49",
        trunk: "0",
    },
    Country {
        code: "AT",
        share: 13,
        regions: &["Wien", "Steiermark", "Tirol", "Oberösterreich"],
        given: &["Lukas", "Sophie", "Markus", "Julia", "Georg", "Theresa"],
        family: &[
            "Gruber", "Huber", "Bauer", "Steiner", "Moser", "Pichler", "Leitner", "Hofer", "Eder",
            "Egger", "Wallner", "Brunner", "Auer", "Haas", "Lechner",
        ],
        trades: &[
            "Anlagenbau",
            "Technik",
            "Stahlbau",
            "Holztechnik",
            "Elektro",
            "Automation",
        ],
        forms: &["GmbH", "GmbH", "AG", "KG", "OG"],
        phones: &[("01", 7, 5), ("0316", 6, 2), ("0662", 6, 4), ("0664", 7, 2)],
        calling: "+43",
        trunk: "0",
    },
    Country {
        code: "CH",
        share: 13,
        regions: &["Zürich", "Bern", "Basel", "Vaud", "Genève"],
        given: &["Urs", "Nina", "Reto", "Céline", "Beat", "Laura"],
        family: &[
            "Meier",
            "Keller",
            "Brunner",
            "Frei",
            "Gerber",
            "Baumann",
            "Graf",
            "Zimmermann",
            "Widmer",
            "Favre",
            "Rochat",
            "Ammann",
            "Bianchi",
            "Suter",
        ],
        trades: &[
            "Präzision",
            "Feinmechanik",
            "Medtech",
            "Antriebe",
            "Sensorik",
            "Apparatebau",
        ],
        forms: &["AG", "AG", "GmbH", "SA"],
        phones: &[
            ("044", 7, 2),
            ("031", 7, 3),
            ("061", 7, 2),
            ("022", 7, 3),
            ("079", 7, 2),
        ],
        calling: "+41",
        trunk: "0",
    },
    Country {
        code: "FR",
        share: 11,
        regions: &["Île-de-France", "Grand Est", "Occitanie", "Bretagne"],
        given: &["Camille", "Hugo", "Léa", "Nicolas", "Chloé", "Antoine"],
        family: &[
            "Martin",
            "Bernard",
            "Moreau",
            "Laurent",
            "Lefebvre",
            "Fournier",
            "Girard",
            "Mercier",
            "Dupuis",
            "Fontaine",
            "Rousseau",
            "Chevalier",
            "Gauthier",
        ],
        trades: &[
            "Mécanique",
            "Industrie",
            "Automatismes",
            "Outillage",
            "Énergie",
            "Emballages",
        ],
        forms: &["SAS", "SARL", "SA"],
        phones: &[
            ("0142", 6, 2),
            ("0472", 6, 2),
            ("0561", 6, 2),
            ("0388", 6, 2),
            ("0612", 6, 2),
        ],
        calling: "+33",
        trunk: "0",
    },
    Country {
        code: "IT",
        share: 8,
        regions: &["Lombardia", "Veneto", "Piemonte", "Emilia-Romagna"],
        given: &["Giulia", "Marco", "Chiara", "Luca", "Elena", "Paolo"],
        family: &[
            "Rossi", "Ferrari", "Esposito", "Colombo", "Ricci", "Marino", "Greco", "Conti",
            "Mancini", "Barbieri", "Fontana", "Santoro",
        ],
        trades: &[
            "Officine",
            "Meccanica",
            "Impianti",
            "Automazioni",
            "Utensili",
        ],
        forms: &["S.r.l.", "S.p.A.", "S.n.c."],
        phones: &[
            ("02", 8, 2),
            ("06", 8, 4),
            ("011", 7, 2),
            ("051", 7, 2),
            ("347", 7, 1),
        ],
        calling: "+39",
        trunk: "",
    },
    Country {
        code: "NL",
        share: 7,
        regions: &["Noord-Holland", "Zuid-Holland", "Utrecht", "Noord-Brabant"],
        given: &["Daan", "Emma", "Sem", "Lotte", "Bram", "Femke"],
        family: &[
            "de Jong",
            "Jansen",
            "de Vries",
            "van den Berg",
            "Bakker",
            "Visser",
            "Smit",
            "Mulder",
            "Dekker",
            "Brouwer",
            "Hendriks",
            "Kuiper",
        ],
        trades: &[
            "Techniek",
            "Machines",
            "Transport",
            "Installaties",
            "Verpakkingen",
        ],
        forms: &["B.V.", "B.V.", "N.V.", "V.O.F."],
        phones: &[
            ("020", 7, 2),
            ("010", 7, 2),
            ("030", 7, 2),
            ("040", 7, 2),
            ("0612", 6, 2),
        ],
        calling: "+31",
        trunk: "0",
    },
];

impl Country {
    pub fn any(random: &mut Random) -> &'static Self {
        let shares: Vec<_> = COUNTRIES
            .iter()
            .map(|country| (country.share, country))
            .collect();
        random.weighted(&shares)
    }

    pub fn person(&self, random: &mut Random) -> String {
        format!("{} {}", random.pick(self.given), random.pick(self.family))
    }

    pub fn organisation(&self, random: &mut Random) -> String {
        let family = random.pick(self.family);
        let trade = random.pick(self.trades);
        let form = random.pick(self.forms);
        match random.between(0, 3) {
            0 => format!("{family} & {} {trade} {form}", random.pick(self.family)),
            1 => format!("{trade} {family} {form}"),
            2 => format!("{family} {trade} {} {form}", random.pick(self.regions)),
            _ => format!("{family} {trade} {form}"),
        }
    }

    /// A telephone number as people of the country write it; one in fifty is incomplete.
    pub fn phone(&self, random: &mut Random) -> String {
        let (area, length, least) = random.pick(self.phones);
        let line = random.digits(least, length);
        let (head, tail) = line.split_at(line.len() / 2);
        if random.chance(2) {
            return format!("{head} {tail}").chars().take(5).collect();
        }
        let national = area.strip_prefix(self.trunk).unwrap_or(area);
        match random.between(0, 6) {
            0 => format!("{} {national} {head}{tail}", self.calling),
            1 => format!("{area}/{head}{tail}"),
            2 => format!("({area}) {head} {tail}"),
            3 => format!("{area}-{head}-{tail}"),
            4 => format!("{}{national}{head}{tail}", self.calling),
            _ => format!("{area} {head} {tail}"),
        }
    }
}

/// A name in the letters of an address: `müller & co` as `mueller-co`.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'é' | 'è' | 'É' => out.push('e'),
            'î' => out.push('i'),
            'a'..='z' | '0'..='9' => out.push(letter),
            '.' => {}
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.trim_end_matches('-').to_owned()
}
