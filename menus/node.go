package menus

// Kind says how an answer is to be read. The caller of [Menu.Next] brings the
// reading: what a phone number or an amount is, is no business of a menu.
type Kind string

// The kinds of answers.
const (
	KindWord     Kind = "" // fixed by a choice, not typed
	KindRef      Kind = "ref"
	KindPhone    Kind = "phone"
	KindItem     Kind = "item"
	KindAmount   Kind = "amount"
	KindDate     Kind = "date" // "+3" is in three days; people type 24/12 or 24/12/2026
	KindReason   Kind = "reason"
	KindCode     Kind = "code"
	KindDetail   Kind = "detail"    // a term that may be left out
	KindPIN      Kind = "pin"       // one that is set
	KindNewPIN   Kind = "new_pin"   // one that is to be set
	KindPINAgain Kind = "pin_again" // the same once more
	KindLanguage Kind = "language"
)

// Kinds lists every kind of answer.
func Kinds() []Kind {
	return []Kind{
		KindWord, KindRef, KindPhone, KindItem, KindAmount, KindDate, KindReason, KindCode, KindDetail, KindPIN, KindNewPIN,
		KindPINAgain, KindLanguage,
	}
}

// The names under which answers are kept in [State].Data.
const (
	NameRole     = "role"
	NamePhone    = "phone"
	NameItem     = "item"
	NameAmount   = "amount"
	NameDate     = "date"
	NameRef      = "ref"
	NameReason   = "reason"
	NameLanguage = "language"
	NamePlace    = "place"
	NameQuality  = "quality"
	NameMode     = "mode" // what is done to a PIN: "set", "change" or "reset"
	NamePIN      = "pin"
	NameOld      = "old"     // the PIN that is set
	NameCode     = "code"    // of our SMS
	NameDialled  = "dialled" // the reference that was dialled or typed on a first screen
)

// Act is something that the caller of the menu has to do before the next
// screen is shown.
type Act string

// The acts. Those that move a contract are named as in the escrow.
const (
	ActLanguage  Act = "language"
	ActResume    Act = "resume"     // go on where the last call was cut off
	ActStartOver Act = "start_over" // forget what was typed in it

	ActPIN       Act = "pin" // set, change or reset it
	ActForgotPIN Act = "forgot_pin"

	ActRemind   Act = "remind"
	ActSendCode Act = "send_code" // once more
	ActPropose  Act = "propose"
	ActAgree    Act = "agree"
	ActDecline  Act = "decline"
	ActCancel   Act = "cancel"
	ActPay      Act = "pay"
	ActDeliver  Act = "deliver"
	ActAccept   Act = "accept"
	ActDispute  Act = "dispute"

	ActAgreeCancel  Act = "agree_cancel"
	ActKeepOn       Act = "keep_on"
	ActWithdraw     Act = "withdraw"
	ActRefuseCancel Act = "refuse_cancel"
	ActAddWord      Act = "add_word" // to a dispute
)

// Acts lists every act.
func Acts() []Act {
	return []Act{
		ActLanguage, ActResume, ActStartOver, ActPIN, ActForgotPIN, ActRemind, ActSendCode, ActPropose, ActAgree, ActDecline,
		ActCancel, ActPay, ActDeliver, ActAccept, ActDispute, ActAgreeCancel, ActKeepOn, ActWithdraw,
		ActRefuseCancel, ActAddWord,
	}
}

// Binds reports whether the act does more than to lead the caller on: what a
// transcript that may have been dialled must not do.
func (a Act) Binds() bool {
	return a != "" && a != ActLanguage && a != ActResume && a != ActStartOver
}

// Source names the data that a screen shows and that its caller must bring.
type Source string

// The sources of data.
const (
	FromNothing   Source = ""          // the state is enough
	FromHome      Source = "home"      // the caller and what waits for them
	FromParty     Source = "party"     // the caller and their PIN
	FromContract  Source = "contract"  // the contract in Data[NameRef]
	FromContracts Source = "contracts" // a page of the caller's contracts
	FromHistory   Source = "history"   // a page of what happened to the contract
	FromMoves     Source = "moves"     // the contract and the money that moved for it
)

// Sources lists every source of data.
func Sources() []Source {
	return []Source{FromNothing, FromHome, FromParty, FromContract, FromContracts, FromHistory, FromMoves}
}

// Node is one screen and what can be answered on it. Its text has the node's
// key in the catalogue, and its key names it in labels and statistics.
type Node struct {
	Key     string   `toml:"-"`
	Shows   Source   `toml:"shows"`
	Choices []Choice `toml:"choices"`
	Input   *Input   `toml:"input"`
	Rows    []string `toml:"rows"`   // where the rows of a list lead; the rows come from the data
	Size    int      `toml:"size"`   // rows a page
	Home    bool     `toml:"home"`   // shows the way home beside the way back
	Resume  string   `toml:"resume"` // where a caller goes on who was cut off here; empty where nothing is worth it
	Clears  bool     `toml:"clears"` // what was answered before means nothing any more
	Ends    bool     `toml:"ends"`   // the last screen of a session
	Forks   []string `toml:"forks"`  // no screen of its own: the caller goes on to one of these
}

// Choice is one numbered answer. A choice with Needs is offered only where the
// data says that it is open; two such choices may share a number when they are
// never open together.
type Choice struct {
	Number string `toml:"number"`
	Label  string `toml:"label"` // key of the text
	Target string `toml:"to"`    // the next screen; after the act, where there is one
	Act    Act    `toml:"act"`
	Needs  string `toml:"needs"`
	Set    Value  `toml:"set"`
}

// Value is what a choice stands for. Without a kind it is a word.
type Value struct {
	Name string `toml:"name"`
	Kind Kind   `toml:"kind"`
	Raw  string `toml:"raw"`
}

// Input is an answer that is typed.
type Input struct {
	Name   string `toml:"name"`
	Kind   Kind   `toml:"kind"`
	Target string `toml:"to"`
	Act    Act    `toml:"act"`
	Secret bool   `toml:"secret"` // handed on in [Step].Secret, and not kept in clear
}

// Back is the target of a choice that returns to the screen before.
const Back = "back"

// The answers that mean the same everywhere.
const (
	KeyBack = "0"
	KeyHome = "00"
	KeyMore = "98"
	KeyMenu = "9"
)

// The nodes that the engine itself knows.
const (
	NodeHome = "home"
	NodeBye  = "bye"
)
