//! What a handler takes and answers, as the types of its signature say.

use crate::problem::{ApiResult, ProblemType};
use axum::extract::State;
use serde_json::{Value, json};
use utoipa::{
    __dev::ComposeSchema,
    IntoParams, ToSchema,
    openapi::{Ref, RefOr, Schema, path::ParameterIn},
};

/// A media type of answers: its name, and the ranges in `Accept` that include it.
pub type Media = (&'static str, &'static [&'static str]);

/// JSON.
pub const JSON: Media = ("application/json", &["*/*", "application/*", "application/json"]);
/// Server-sent events.
pub const EVENT_STREAM: Media = ("text/event-stream", &["*/*", "text/*", "text/event-stream"]);

/// A successful answer.
#[derive(Debug, Clone)]
pub struct AnswerSpec {
    /// The status code.
    pub status: u16,
    /// What it says.
    pub description: &'static str,
    /// Media type and schema of the body; `None` = there is none.
    pub body: Option<(&'static str, Value)>,
    /// An example of the body.
    pub example: Option<&'static str>,
    /// Whether `ETag` names the version of the entity.
    pub versioned: bool,
}

/// What a handler takes and answers.
#[derive(Debug, Clone, Default)]
pub struct Contract {
    /// Parts of the path with what they name.
    pub path: Vec<(&'static str, &'static str)>,
    /// Parameters of its own, in the query or in headers.
    pub parameters: Vec<Value>,
    /// The body of its own.
    pub body: Option<Value>,
    /// Successful answers.
    pub answers: Vec<AnswerSpec>,
    /// The media type that a client must accept; `None` = `Accept` is not looked at.
    pub media: Option<Media>,
    /// Problems that its types can answer.
    pub problems: Vec<ProblemType>,
    /// The schemas that it refers to.
    pub schemas: Vec<(String, Value)>,
}

impl Contract {
    /// What the signature of a handler says; `words` describe its success.
    pub fn from_handler<H: Handles<A>, A>(_: &H, words: H::Words) -> Self {
        let mut contract = Self::default();
        H::describe(&mut contract, words);
        contract
    }

    /// A reference to the schema of a type, which is added.
    pub fn reference<T: ToSchema>(&mut self) -> Value {
        let mut used = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut used);
        self.refer(used)
    }

    /// A reference to the schema of a generic type with its argument, which are added.
    pub fn generic<G: ToSchema + ComposeSchema, T: ToSchema>(&mut self) -> Value {
        let (argument, schema) = (T::name().into_owned(), T::schema());
        let composed = G::compose(vec![schema.clone()]);
        let mut used = vec![(format!("{}_{argument}", G::name()), composed), (argument, schema)];
        G::schemas(&mut used);
        T::schemas(&mut used);
        self.refer(used)
    }

    /// Adds schemas; a reference to the first.
    fn refer(&mut self, used: Vec<(String, RefOr<Schema>)>) -> Value {
        let name = used.first().map(|(name, _)| name.clone()).unwrap_or_default();
        self.schemas.extend(used.into_iter().map(|(name, schema)| (name, json!(schema))));
        json!(Ref::from_schema_name(name))
    }

    /// Takes the query parameters of a type.
    pub fn takes_query<Q: IntoParams>(&mut self) {
        let parameters = Q::into_params(|| Some(ParameterIn::Query));
        self.parameters.extend(parameters.into_iter().map(|parameter| json!(parameter)));
    }

    /// The names of its parameters in the query.
    pub fn query_names(&self) -> Vec<String> {
        let query = self.parameters.iter().filter(|parameter| parameter["in"] == "query");
        query.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
    }

    /// Answers a body with a schema as JSON.
    pub fn answers_json(
        &mut self,
        status: u16,
        description: &'static str,
        (schema, versioned): (Value, bool),
    ) {
        let body = Some((JSON.0, schema));
        let answer = AnswerSpec { status, description, body, example: None, versioned };
        self.answers.push(answer);
    }
}

/// Part of a request, as an extractor takes it.
pub trait Takes {
    /// Adds what it takes.
    fn describe(contract: &mut Contract);
}

impl<S> Takes for State<S> {
    fn describe(_: &mut Contract) {}
}

/// A successful answer, with its status and body.
pub trait Answers {
    /// What describes it: a text for every status.
    type Words;

    /// Adds its statuses and bodies.
    fn describe(contract: &mut Contract, words: Self::Words);
}

/// A handler with a signature that says everything.
pub trait Handles<A> {
    /// What describes its success.
    type Words;

    /// Adds what it takes and answers.
    fn describe(contract: &mut Contract, words: Self::Words);
}

macro_rules! handles {
    ($($argument:ident),+) => {
        impl<F, O, R, $($argument),+> Handles<($($argument,)+)> for F
        where
            F: Fn($($argument),+) -> O,
            O: Future<Output = ApiResult<R>>,
            R: Answers,
            $($argument: Takes),+
        {
            type Words = R::Words;

            fn describe(contract: &mut Contract, words: R::Words) {
                $($argument::describe(contract);)+
                R::describe(contract, words);
            }
        }
    };
}

handles!(A);
handles!(A, B);
handles!(A, B, C);
handles!(A, B, C, D);
