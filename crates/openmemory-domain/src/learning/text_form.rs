//! How are times and dates written where a record is kept as JSON? As text, in the form in which callers see them.

/// An ISO 8601 time.
pub mod time {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::Timestamp;

    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| D::Error::custom("not a time"))
    }
}

/// An ISO 8601 time that may be missing.
pub mod optional_time {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::Timestamp;

    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.collect_str(at),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| Timestamp::parse(&text).ok_or_else(|| D::Error::custom("not a time"))).transpose()
    }
}

/// A year, a month, a day or a time that may be missing.
pub mod optional_date {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::PartialDate;

    pub fn serialize<S: Serializer>(date: &Option<PartialDate>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.collect_str(date),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PartialDate>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| PartialDate::parse(&text).ok_or_else(|| D::Error::custom("not a date"))).transpose()
    }
}

/// A scope, without the fields that it does not have.
pub mod scope {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::Scope;

    #[derive(Serialize, Deserialize)]
    struct Fields {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_id: Option<String>,
    }

    pub fn serialize<S: Serializer>(scope: &Scope, serializer: S) -> Result<S::Ok, S::Error> {
        let Scope { user_id, agent_id, app_id, run_id } = scope.clone();
        Fields { user_id, agent_id, app_id, run_id }.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scope, D::Error> {
        let Fields { user_id, agent_id, app_id, run_id } = Fields::deserialize(deserializer)?;
        Ok(Scope { user_id, agent_id, app_id, run_id })
    }
}
