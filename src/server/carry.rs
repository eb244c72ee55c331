//! Which further parts of its slot's credentials go with the key of a request that is planned.

use std::borrow::Cow;

use super::{carried::Carried, plan::Planner};
use crate::{
    contract::{
        carrier::Carrier,
        key::{KeyDefect, OtherPart},
        names::SlotName,
        scenario::Single,
    },
    shown::secret::Secret,
    targets::target::is_nobody,
};

impl<'a> Planner<'a> {
    /// A key of a slot on its way. A slot without a key has a carrier that carries nothing.
    pub(super) fn carry<'k>(
        &self,
        slot: &SlotName,
        carrier: &'k Carrier,
        key: &'k Secret,
    ) -> Carried<'k>
    where
        'a: 'k,
    {
        let carrier = self.contract.carrier_of(slot, carrier);
        let parts = Cow::Borrowed(&self.target.slots[slot].dealt(self.turn).parts);
        Carried { carrier, key, parts }
    }

    /// The same for a case whose key, or a part beside it, may have a defect.
    ///
    /// # Errors
    /// Which variable to set, if a part is missing: a key that is made for the run needs none of its slot's variables.
    pub(super) fn carry_spoilt<'k>(
        &self,
        slot: &SlotName,
        single: &'k Single,
        key: &'k Secret,
    ) -> Result<Carried<'k>, String>
    where
        'a: 'k,
    {
        let mut carried = self.carry(slot, &single.carrier, key);
        if let Some(KeyDefect::Part(OtherPart { name, to })) = &single.key {
            carried.parts.to_mut().insert(name.clone(), Secret::new(to.as_str()));
        }
        let lacking = carried.carrier.parts().find(|part| !carried.parts.contains_key(*part));
        match lacking.filter(|_| !is_nobody(key)) {
            None => Ok(carried),
            Some(part) => {
                let variables = &self.contract.slots[slot].parts;
                let own = &self.target.slots[slot].dealt(self.turn).lacks;
                let env = own.iter().find(|lack| lack.part.as_ref() == Some(part));
                let env = env.map(|lack| &lack.env).or(variables.get(part));
                let env = env.map_or("", String::as_str);
                Err(format!("no part `{part}` for slot `{slot}`: set ${env}"))
            }
        }
    }
}
