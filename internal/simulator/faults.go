package simulator

// Faults are the ways in which the providers are known, or feared, to
// misbehave. The zero value is a provider on a good day. A fault is looked at
// when the request or the payment that it spoils is handled. Percentages are
// drawn from the dice of [Config.Seed].
type Faults struct {
	// Callbacks.

	// DropSTKCallback settles payments without ever telling the gateway; the
	// STK query still answers.
	DropSTKCallback bool `json:"dropStkCallback"`
	// DuplicateSTKCallback is how many extra copies of each STK callback go out.
	DuplicateSTKCallback int `json:"duplicateStkCallback"`
	// DropB2CResult executes payouts without a result.
	DropB2CResult bool `json:"dropB2cResult"`
	// DuplicateB2CResult is how many extra copies of each B2C result go out.
	DuplicateB2CResult int `json:"duplicateB2cResult"`
	// DropC2BConfirmation takes PayBill payments without confirming them.
	DropC2BConfirmation bool `json:"dropC2bConfirmation"`
	// DuplicateC2BConfirmation is how many extra copies of each confirmation go out.
	DuplicateC2BConfirmation int `json:"duplicateC2bConfirmation"`
	// DropReversalResult executes reversals without a result.
	DropReversalResult bool `json:"dropReversalResult"`
	// DuplicateReversalResult is how many extra copies of each result go out.
	DuplicateReversalResult int `json:"duplicateReversalResult"`
	// DropAnswerResult loses the results of account balance and transaction status.
	DropAnswerResult bool `json:"dropAnswerResult"`

	// DropPercent and DuplicatePercent hit every callback of Daraja.
	DropPercent      int `json:"dropPercent"`
	DuplicatePercent int `json:"duplicatePercent"`
	// DelayMillis is added to the time that every callback of Daraja takes.
	DelayMillis int `json:"delayMillis"`
	// ShuffleMillis adds up to so much at random, so that callbacks overtake one
	// another.
	ShuffleMillis int `json:"shuffleMillis"`
	// CallbackRetries is how often a callback that was not answered 2xx comes
	// again. Safaricom was observed not to repeat any; others report three.
	CallbackRetries int `json:"callbackRetries"`
	// CallbackBeforeResponse holds the answer to a push, a payout or a reversal
	// until its callback has been delivered, at most [callbackFirstLimit].
	CallbackBeforeResponse bool `json:"callbackBeforeResponse"`

	// Answers.

	// DropSTKResponse accepts a push, shows the prompt, then closes the
	// connection without answering.
	DropSTKResponse bool `json:"dropStkResponse"`
	// DropB2CResponse and DropReversalResponse do the same to payouts and reversals.
	DropB2CResponse      bool `json:"dropB2cResponse"`
	DropReversalResponse bool `json:"dropReversalResponse"`
	// HTML503 answers every call, before it is looked at, like the web application
	// firewall in front of Daraja does: HTTP 503 with an HTML page.
	HTML503 bool `json:"html503"`
	// HTML503After does so after the call took effect.
	HTML503After bool `json:"html503After"`
	// Envelope200 sends refusals with HTTP 200.
	Envelope200 bool `json:"envelope200"`
	// StringsOnly and NumbersOnly refuse requests that write amounts, short codes
	// and phone numbers the other way; two public simulators each insist on one.
	StringsOnly bool `json:"stringsOnly"`
	NumbersOnly bool `json:"numbersOnly"`

	// Access tokens.

	// OAuth503HTML is HTML503 for token requests alone.
	OAuth503HTML bool `json:"oauth503Html"`
	// MintKillsTokens lets a new access token invalidate the older ones, as the
	// portal's FAQ says.
	MintKillsTokens bool `json:"mintKillsTokens"`
	// RotateTokenCodes refuses tokens with each of the known error codes in turn.
	RotateTokenCodes bool `json:"rotateTokenCodes"`
	// TokenSeconds, when not 0, is how long a token really lives; the answer goes
	// on saying 3599.
	TokenSeconds int `json:"tokenSeconds"`
	// TokenNumber sends expires_in as a number.
	TokenNumber bool `json:"tokenNumber"`

	// Prompts and the query about them.

	// PromptSeconds, when not 0, is how long a prompt waits for the PIN.
	PromptSeconds int `json:"promptSeconds"`
	// PromptExpires lets a prompt that ran out end with 1019 rather than 1037.
	PromptExpires bool `json:"promptExpires"`
	// LockByResult takes a push to a phone that shows a prompt already and fails
	// it with result 1001; otherwise the push is refused.
	LockByResult bool `json:"lockByResult"`
	// SameAmountRule fails a second push of one amount to one phone within two
	// minutes with result 17.
	SameAmountRule bool `json:"sameAmountRule"`
	// InFlight is how the query answers while the prompt is open: "" or "A" 4999,
	// "B" 500 "being processed", "C" 200 with an error envelope without words, "D"
	// 400 as if it did not know the id.
	InFlight string `json:"inFlight"`
	// QueryDeniesOpen says 1037 while the prompt is open: a success may follow.
	QueryDeniesOpen bool `json:"queryDeniesOpen"`
	// QueryDeniesPaid says 1037 about a payment that was made.
	QueryDeniesPaid bool `json:"queryDeniesPaid"`
	// QueryNoisePercent of queries are answered 500.001.1001, whatever the state.
	QueryNoisePercent int `json:"queryNoisePercent"`
	// QueryLimit answers 429 to a query sooner than 12 s after the last: 5 a
	// minute, burst 1, for the whole application.
	QueryLimit bool `json:"queryLimit"`
	// NoC2BForSTK keeps STK payments from being confirmed to the C2B URLs too.
	NoC2BForSTK bool `json:"noC2bForStk"`

	// B2C, reversals, and the operator whom all asynchronous calls name.

	// B2CTimeoutInstead executes the payout, then posts to QueueTimeOutURL and
	// nothing more: the case in which taking a time-out for a failure pays twice.
	B2CTimeoutInstead bool `json:"b2cTimeoutInstead"`
	// B2CTimeoutFails makes that time-out the truth: nothing is paid, ever.
	B2CTimeoutFails bool `json:"b2cTimeoutFails"`
	// B2CResultAfterTimeout sends the result too, after the time-out.
	B2CResultAfterTimeout bool `json:"b2cResultAfterTimeout"`
	// TimeoutBody is what the time-out posts: 0 or 1 the request as it was, 2 a
	// result with code 1, 3 an empty object.
	TimeoutBody int `json:"timeoutBody"`
	// ReversalTimeoutInstead is B2CTimeoutInstead for reversals.
	ReversalTimeoutInstead bool `json:"reversalTimeoutInstead"`
	// DuplicateID is how an OriginatorConversationID seen before is answered: ""
	// HTTP 500, "200" HTTP 200 with ResponseCode 1, "result" accepted and then
	// result 15.
	DuplicateID string `json:"duplicateId"`
	// NoB2CRole and so on take a role from the operator: result 21.
	NoB2CRole      bool `json:"noB2cRole"`
	NoReversalRole bool `json:"noReversalRole"`
	NoBalanceRole  bool `json:"noBalanceRole"`
	NoStatusRole   bool `json:"noStatusRole"`
	// ReversedWord, when not "", is what transaction status calls a payment that was
	// given back; it is not documented, and without the knob it stays Completed.
	ReversedWord string `json:"reversedWord"`
	// RoleAtOnce answers a missing role at once, with ResponseCode 21.
	RoleAtOnce bool `json:"roleAtOnce"`

	// How things are written, not what they say.

	// BareResults leaves ResultParameters out.
	BareResults bool `json:"bareResults"`
	// GenericIDs puts the generic TransactionID of failures into the envelope of
	// successes too.
	GenericIDs bool `json:"genericIds"`
	// FlipLists turns a list of one into its element and a lone element into a list.
	FlipLists bool `json:"flipLists"`
	// FlipTypes writes numbers as strings, and amounts, codes and times that are
	// strings as numbers.
	FlipTypes bool `json:"flipTypes"`
	// Interim sends each result with ResultType 1 first: wait for further messages.
	Interim bool `json:"interim"`
	// MaskPayer masks the number in STK callbacks.
	MaskPayer bool `json:"maskPayer"`

	// Payments by PayBill.

	// ValidationLost lets no validation reach the gateway: the registered default
	// action decides, at once.
	ValidationLost bool `json:"validationLost"`
	// ValidationOff pays without asking, as it is until Safaricom turns external
	// validation on for a short code.
	ValidationOff bool `json:"validationOff"`
	// EmptyNames leaves the payer's name out.
	EmptyNames bool `json:"emptyNames"`
	// PullQuiet answers every pull as if nothing had been paid.
	PullQuiet bool `json:"pullQuiet"`

	// Africa's Talking.

	// SMSStatus, when not 0, is the HTTP status that every send is answered
	// with; nothing is delivered.
	SMSStatus int `json:"smsStatus"`
	// SMSCode, when not 0, is the status code that each recipient gets, 405 for no
	// balance and so on; nothing is delivered.
	SMSCode int `json:"smsCode"`
	// SMSNobody serves nobody: 201, and an empty list of recipients.
	SMSNobody bool `json:"smsNobody"`
	// DropSMSResponse delivers the text, then closes the connection without an
	// answer.
	DropSMSResponse bool `json:"dropSmsResponse"`
	// SMSBalanceKsh, when not 0, is what is left on the account.
	SMSBalanceKsh int `json:"smsBalanceKsh"`

	// The second SMS provider.

	// SecondSMSStatus, when not 0, is the HTTP status that it answers with; nothing
	// is delivered.
	SecondSMSStatus int `json:"secondSmsStatus"`
}
