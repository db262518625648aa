package menus

import "slices"

// Tree returns the nodes of VoicePact's menu. The number of a choice is part
// of the design: it is the same in every language and never moves; what is new
// is appended.
func Tree() []Node {
	return slices.Concat(
		firstNodes(), newContractNodes(), contractNodes(), moneyNodes(), troubleNodes(), undoNodes(), lastNodes(),
	)
}

// The sizes of lists: three rows with the longest data fit a screen.
const pageSize = 3

func languages(target string) []Choice {
	return []Choice{
		{Number: "1", Label: "choice.english", Act: ActLanguage, Target: target, Set: Value{NameLanguage, KindLanguage, "en"}},
		{Number: "2", Label: "choice.kiswahili", Act: ActLanguage, Target: target, Set: Value{NameLanguage, KindLanguage, "sw"}},
	}
}

// dialled lets a reference be typed on any first screen: no choice is as long
// as a reference, so it can mean nothing else.
func dialled() *Input { return &Input{Name: NameDialled, Kind: KindRef, Target: NodeHome} }

func firstNodes() []Node {
	return []Node{
		{Key: NodeHome, Shows: FromHome, Forks: []string{"welcome", "waiting", "menu", "contract"}},
		{Key: "welcome", Choices: languages(NodeHome), Input: dialled()},
		{
			Key: "waiting", Shows: FromHome, Size: pageSize, Input: dialled(),
			Rows:    []string{"contract", "pay", "deliver", "accept", "agree_cancel"},
			Choices: []Choice{{Number: KeyMenu, Label: "choice.menu", Target: "menu"}},
		},
		{Key: "menu", Input: dialled(), Choices: []Choice{
			{Number: "1", Label: "choice.new", Target: "role"},
			{Number: "2", Label: "choice.mine", Target: "mine"},
			{Number: "3", Label: "choice.payments", Target: "payments"},
			{Number: "4", Label: "choice.language", Target: "language"},
			{Number: "5", Label: "choice.help", Target: "help"},
		}},
		{Key: "language", Choices: languages(NodeHome)},
		{Key: "help"},
	}
}

func newContractNodes() []Node {
	return []Node{
		{Key: "role", Choices: []Choice{
			{Number: "1", Label: "choice.seller", Target: "phone", Set: Value{NameRole, KindWord, "seller"}},
			{Number: "2", Label: "choice.buyer", Target: "phone", Set: Value{NameRole, KindWord, "buyer"}},
		}},
		{Key: "phone", Input: &Input{Name: NamePhone, Kind: KindPhone, Target: "item"}},
		{Key: "item", Input: &Input{Name: NameItem, Kind: KindItem, Target: "amount"}},
		{Key: "amount", Input: &Input{Name: NameAmount, Kind: KindAmount, Target: "date"}},
		{Key: "date", Choices: []Choice{
			{Number: "1", Label: "choice.today", Target: "summary", Set: Value{NameDate, KindDate, "+0"}},
			{Number: "2", Label: "choice.tomorrow", Target: "summary", Set: Value{NameDate, KindDate, "+1"}},
			{Number: "3", Label: "choice.days3", Target: "summary", Set: Value{NameDate, KindDate, "+3"}},
			{Number: "4", Label: "choice.days7", Target: "summary", Set: Value{NameDate, KindDate, "+7"}},
			{Number: "5", Label: "choice.otherdate", Target: "otherdate"},
		}},
		{Key: "otherdate", Input: &Input{Name: NameDate, Kind: KindDate, Target: "summary"}},
		{Key: "summary", Choices: []Choice{
			{Number: "1", Label: "choice.send", Act: ActPropose, Target: "sent"},
			{Number: "2", Label: "choice.drop", Target: NodeHome},
		}},
	}
}

func contractNodes() []Node {
	list := []string{"contract"}
	return []Node{
		{Key: "mine", Shows: FromContracts, Size: pageSize, Rows: list, Home: true},
		{Key: "payments", Shows: FromContracts, Size: pageSize, Rows: []string{"payment"}, Home: true},
		{Key: "payment", Shows: FromContract, Home: true, Choices: []Choice{
			{Number: "1", Label: "choice.contract", Target: "contract"},
		}},
		{Key: "contract", Shows: FromContract, Home: true, Choices: []Choice{
			{Number: "1", Label: "choice.agree", Needs: "agree", Act: ActAgree, Target: "agreed"},
			{Number: "1", Label: "choice.pay", Needs: "pay", Target: "pay"},
			{Number: "1", Label: "choice.deliver", Needs: "deliver", Target: "deliver"},
			{Number: "1", Label: "choice.accept", Needs: "accept", Target: "accept"},
			{Number: "2", Label: "choice.decline", Needs: "decline", Target: "decline"},
			{Number: "2", Label: "choice.takeback", Needs: "takeback", Target: "takeback"},
			{Number: "2", Label: "choice.cancel", Needs: "cancel", Target: "cancel"},
			{Number: "2", Label: "choice.problem", Needs: "dispute_buyer", Target: "dispute_buyer"},
			{Number: "2", Label: "choice.problem", Needs: "dispute_seller", Target: "dispute_seller"},
			{Number: "1", Label: "choice.withdraw", Needs: "withdraw", Target: "withdraw"},
			{Number: "3", Label: "choice.ask_cancel", Needs: "ask_cancel", Target: "ask_cancel"},
			{Number: "3", Label: "choice.agree_cancel", Needs: "agree_cancel", Target: "agree_cancel"},
			{Number: "3", Label: "choice.keep_on", Needs: "keep_on", Target: "keep_on"},
		}},
		sure("decline", "choice.yesdecline", ActDecline, "declined"),
		sure("takeback", "choice.yestakeback", ActCancel, "cancelled"),
		sure("cancel", "choice.yescancel", ActCancel, "cancelled"),
	}
}

// sure is a screen that asks once more before an act that ends a contract.
func sure(key, yes string, act Act, done string) Node {
	return Node{Key: key, Shows: FromContract, Choices: []Choice{
		{Number: "1", Label: yes, Act: act, Target: done},
		{Number: "2", Label: "choice.no", Target: Back},
	}}
}

func moneyNodes() []Node {
	return []Node{
		{Key: "pay", Shows: FromContract, Choices: []Choice{
			{Number: "1", Label: "choice.paynow", Act: ActPay, Target: "paying"},
		}},
		{Key: "deliver", Shows: FromContract, Choices: []Choice{
			{Number: "1", Label: "choice.yesdeliver", Act: ActDeliver, Target: "delivered"},
			{Number: "2", Label: "choice.notyet", Target: Back},
		}},
		{Key: "accept", Shows: FromContract, Choices: []Choice{
			{Number: "1", Label: "choice.yesaccept", Needs: "free", Act: ActAccept, Target: "accepted"},
			{Number: "1", Label: "choice.yesaccept", Needs: "code", Target: "code"},
			{Number: "1", Label: "choice.yesgot", Needs: "early", Act: ActAccept, Target: "accepted"},
			{Number: "2", Label: "choice.noaccept", Target: "dispute_buyer"},
		}},
		{Key: "code", Shows: FromContract, Input: &Input{
			Name: "code", Kind: KindCode, Act: ActAccept, Target: "accepted", Secret: true,
		}},
	}
}

func troubleNodes() []Node {
	return []Node{
		{Key: "dispute_buyer", Choices: []Choice{
			trouble("1", "trouble.nothing"), trouble("2", "trouble.less"),
			trouble("3", "trouble.bad"), trouble("4", "trouble.wrong"),
			{Number: "5", Label: "trouble.else", Target: "reason"},
		}},
		{Key: "dispute_seller", Choices: []Choice{
			trouble("1", "trouble.silent"), trouble("2", "trouble.refused"),
			trouble("3", "trouble.away"), trouble("4", "trouble.price"),
			{Number: "5", Label: "trouble.else", Target: "reason"},
		}},
		{Key: "reason", Input: &Input{Name: NameReason, Kind: KindReason, Act: ActDispute, Target: "disputed"}},
	}
}

// undoNodes take back what one side did, or what both sides agreed.
func undoNodes() []Node {
	return []Node{
		sure("ask_cancel", "choice.yesask", ActCancel, "asked"),
		{Key: "agree_cancel", Shows: FromContract, Choices: []Choice{
			{Number: "1", Label: "choice.yescancel", Needs: "cancel_free", Act: ActAgreeCancel, Target: "called_off"},
			{Number: "1", Label: "choice.yescancel", Needs: "cancel_code", Target: "cancel_code"},
			{Number: "2", Label: "choice.no", Target: Back},
		}},
		{Key: "cancel_code", Shows: FromContract, Input: &Input{
			Name: "code", Kind: KindCode, Act: ActAgreeCancel, Target: "called_off", Secret: true,
		}},
		sure("keep_on", "choice.yeskeep", ActKeepOn, "kept"),
		sure("withdraw", "choice.yeswithdraw", ActWithdraw, "withdrawn"),
	}
}

// trouble is a reason that is chosen; its key stands for the words until the
// dispute is raised.
func trouble(number, reason string) Choice {
	return Choice{
		Number: number, Label: reason, Act: ActDispute, Target: "disputed",
		Set: Value{NameReason, KindWord, reason},
	}
}

// lastNodes end the session. Every act that moves a contract leads to one: so
// a transcript that goes on after such an act tells that it was refused.
func lastNodes() []Node {
	keys := []string{
		"sent", "agreed", "declined", "cancelled", "paying", "delivered", "accepted", "disputed",
		"asked", "called_off", "kept", "withdrawn", NodeBye,
	}
	nodes := make([]Node, len(keys))
	for i, key := range keys {
		nodes[i] = Node{Key: key, Ends: true}
	}
	return nodes
}
