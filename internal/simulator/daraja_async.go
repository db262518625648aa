package simulator

import "slices"

// asyncFields are what the asynchronous requests other than B2C have in common.
type asyncFields struct {
	Initiator          scalar `json:"Initiator"`
	SecurityCredential scalar `json:"SecurityCredential"`
	CommandID          scalar `json:"CommandID"`
	ResultURL          scalar `json:"ResultURL"`
	QueueTimeOutURL    scalar `json:"QueueTimeOutURL"`
	Remarks            scalar `json:"Remarks"`
}

// conversationAnswer accepts an asynchronous request.
type conversationAnswer struct {
	ConversationID           string `json:"ConversationID"`
	OriginatorConversationID string `json:"OriginatorConversationID"`
	ResponseCode             string `json:"ResponseCode"`
	ResponseDescription      string `json:"ResponseDescription"`
}

// rule is a condition on a field, which a refusal names.
type rule struct {
	ok    bool
	field string
}

// firstBroken refuses the first field that breaks its rule.
func firstBroken(rules ...rule) error {
	if i := slices.IndexFunc(rules, func(r rule) bool { return !r.ok }); i >= 0 {
		return invalid(rules[i].field)
	}
	return nil
}

// rules are those of all asynchronous requests.
func (f asyncFields) rules(command scalar) []rule {
	return []rule{
		{f.Initiator != "", "Initiator"},
		{f.SecurityCredential != "", "SecurityCredential"},
		{f.CommandID == command, "CommandID"},
		{callbackURL(f.ResultURL), "ResultURL"},
		{callbackURL(f.QueueTimeOutURL), "QueueTimeOutURL"},
		{f.Remarks != "" && len(f.Remarks) <= maxRemarks, "Remarks"},
	}
}

// converse starts a conversation whose ids are Daraja's own.
func (s *Sim) converse(k kind, f asyncFields, raw []byte) conversation {
	return conversation{
		kind: k, originator: s.dice.requestID(), id: s.newConversationID(),
		resultURL: string(f.ResultURL), timeoutURL: string(f.QueueTimeOutURL), raw: raw,
	}
}

// accepted answers the request that c began with.
func (c conversation) accepted() conversationAnswer {
	return conversationAnswer{c.id, c.originator, "0", acceptedB2C}
}

// refusedAtOnce answers for an operator without the role, where that is found
// out before anything is queued; no result follows then.
func (s *Sim) refusedAtOnce(c conversation, denied bool) (acceptance, bool) {
	if !denied || !s.CurrentFaults().RoleAtOnce {
		return acceptance{}, false
	}
	return acceptance{
		who: c.who, summary: "Refused: " + resultWords(resultRole),
		body: conversationAnswer{c.id, c.originator, string(resultRole), initiatorRole},
	}, true
}
