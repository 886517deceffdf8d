//! What one table of events says: the type, how it is read, how it is written and how it is shown.

/// Rows are `Name = CODE { field: Type, .. };`, or `Name = CODE (list: Type);` where the parameters are one value. A field
/// marked `field [status]` stands for nothing unless that status is success: then it may have any value.
macro_rules! events {
    (
        plain {$(
            $(#[$doc:meta])*
            $name:ident = $code:ident $({ $($field:ident $([$status:ident])?: $type:ty),* $(,)? })? $(($list:ident: $list_type:ty))?;
        )+}
        le {$(
            $(#[$le_doc:meta])*
            $le_name:ident = $subevent:ident $({ $($le_field:ident $([$le_status:ident])?: $le_type:ty),* $(,)? })?
                $(($le_list:ident: $le_list_type:ty))?;
        )+}
    ) => {
        /// An event, taken apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "fields are named as in the section of the specification that each variant cites")]
        pub enum Event<'a> {
            $($(#[$doc])* $name $({ $($field: $type),* })? $(($list_type))?,)+
            $($(#[$le_doc])* $le_name $({ $($le_field: $le_type),* })? $(($le_list_type))?,)+
            /// A subevent that this crate does not take apart, or was not asked to.
            LeUnknown { subevent: u8, parameters: &'a [u8] },
            /// An event that this crate does not take apart, or was not asked to.
            Unknown { code: u8, parameters: &'a [u8] },
        }

        impl<'a> Event<'a> {
            /// Takes a whole event packet apart; its length must be exact.
            pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
                Self::parse_among(octets, |_, _| true)
            }

            /// As [`Event::parse`], for the events that are `wanted` by code and subevent; the others come out as
            /// [`Event::Unknown`] and [`Event::LeUnknown`]. Where the compiler can tell which those are, it leaves out the code
            /// that takes them apart.
            // Out of line, it makes the event in its place, instead of in so many registers.
            #[cfg_attr(target_pointer_width = "32", inline(never))]
            #[cfg_attr(not(target_pointer_width = "32"), inline)]
            pub fn parse_among(
                octets: &'a [u8],
                wanted: impl Fn(EventCode, Option<Subevent>) -> bool,
            ) -> Result<Self, Malformed> {
                let mut r = Reader::new(octets);
                let code = EventCode(r.u8()?);
                let length = r.u8()?;
                let parameters = r.bytes(usize::from(length))?;
                r.finish()?;
                let mut r = Reader::new(parameters);
                // Each is made where it is returned, not in one variable for all of them.
                match code {
                    $(EventCode::$code if wanted(EventCode::$code, None) => {
                        $($(let $field = take!(&mut r, $type $(, $status)?);)* done!(r, Event::$name { $($field),* }))?
                        $(let $list = take!(&mut r, $list_type); done!(r, Event::$name($list)))?
                    })+
                    EventCode::LE_META => match Subevent(r.u8()?) {
                        $(Subevent::$subevent if wanted(EventCode::LE_META, Some(Subevent::$subevent)) => {
                            $($(let $le_field = take!(&mut r, $le_type $(, $le_status)?);)*
                                done!(r, Event::$le_name { $($le_field),* }))?
                            $(let $le_list = take!(&mut r, $le_list_type); done!(r, Event::$le_name($le_list)))?
                        })+
                        Subevent(subevent) => Ok(Event::LeUnknown { subevent, parameters: r.rest() }),
                    },
                    EventCode(code) => Ok(Event::Unknown { code, parameters: r.rest() }),
                }
            }

            /// The event code.
            pub const fn code(&self) -> EventCode {
                match self {
                    $(Event::$name { .. } => EventCode::$code,)+
                    Event::Unknown { code, .. } => EventCode(*code),
                    _ => EventCode::LE_META,
                }
            }

            /// The subevent code of an LE event.
            pub const fn subevent(&self) -> Option<Subevent> {
                match self {
                    $(Event::$le_name { .. } => Some(Subevent::$subevent),)+
                    Event::LeUnknown { subevent, .. } => Some(Subevent(*subevent)),
                    _ => None,
                }
            }

            fn emit_parameters(&self, w: &mut Writer<'_>) {
                match self {
                    $(Event::$name $({ $($field),* })? $(($list))? => {
                        $($(Parameter::emit($field, w);)*)?
                        $(Parameter::emit($list, w);)?
                    })+
                    $(Event::$le_name $({ $($le_field),* })? $(($le_list))? => {
                        $($(Parameter::emit($le_field, w);)*)?
                        $(Parameter::emit($le_list, w);)?
                    })+
                    Event::LeUnknown { parameters, .. } | Event::Unknown { parameters, .. } => w.bytes(parameters),
                }
            }

            /// The parameters, each with its name.
            fn show_parameters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Event::$name $({ $($field),* })? $(($list))? => {
                        $($(pair(f, stringify!($field), $field)?;)*)?
                        $(Parameter::show($list, f)?;)?
                    })+
                    $(Event::$le_name $({ $($le_field),* })? $(($le_list))? => {
                        $($(pair(f, stringify!($le_field), $le_field)?;)*)?
                        $(Parameter::show($le_list, f)?;)?
                    })+
                    Event::LeUnknown { parameters: [], .. } | Event::Unknown { parameters: [], .. } => {}
                    Event::LeUnknown { parameters, .. } | Event::Unknown { parameters, .. } => {
                        f.write_str(" ")?;
                        parameters.show(f)?;
                    }
                }
                Ok(())
            }
        }
    };
}
pub(super) use events;

macro_rules! take {
    ($r:expr, $type:ty) => {
        <$type as Parameter>::take($r)?
    };
    ($r:expr, $type:ty, $status:ident) => {
        <$type as TakeAfter>::take_after($r, $status)?
    };
}
pub(super) use take;

macro_rules! done {
    ($r:expr, $event:expr) => {
        if $r.is_empty() { Ok($event) } else { Err(Malformed) }
    };
}
pub(super) use done;
