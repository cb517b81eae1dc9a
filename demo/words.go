package demo

import (
	"strconv"
	"strings"
)

// matter is something that people ask for help with. In its texts {room},
// {device} and {number} stand for one of many.
type matter struct {
	name    string
	titles  []string
	details []string
	answers []string
	reasons []string
}

var matters = []matter{
	{
		name:    "printers",
		titles:  []string{"Printer in {room} jams", "Printer in {room} prints blank pages", "Cannot print from {device}", "Printer in {room} asks for toner"},
		details: []string{"It stops after the first page and shows error {number}.", "The queue fills up, and nothing comes out.", "It worked this morning; nobody has changed anything."},
		answers: []string{"I have changed the drum and printed three test pages.", "The driver on {device} was outdated; please try again.", "A label was stuck in the second tray. It is out now."},
		reasons: []string{"drum changed", "driver updated", "jam removed", ""},
	},
	{
		name:    "networks",
		titles:  []string{"No network in {room}", "VPN drops every few minutes", "Wireless in {room} is very slow", "VPN asks for a code that does not come"},
		details: []string{"{device} says that there is no address to be had.", "It holds for about {number} seconds, then I have to sign in again.", "Colleagues at the next desk see the same."},
		answers: []string{"The switch in {room} had to be restarted; all ports are up.", "You were on an old profile. I have sent you the new one.", "The access point was on a crowded channel. It is on another now."},
		reasons: []string{"switch restarted", "profile replaced", "channel changed", ""},
	},
	{
		name:    "accounts",
		titles:  []string{"Locked out of my account", "Access to the folder of {room}", "New colleague needs an account", "Password expired while on leave"},
		details: []string{"It says that there were too many tries, code {number}.", "My team lead has agreed; I can forward the message.", "It is for the project that begins next week."},
		answers: []string{"The account is open again, please choose a new password.", "You have access now; sign out and in once.", "The account is made. The email with the first password is on its way."},
		reasons: []string{"unlocked", "access granted", "account made", ""},
	},
	{
		name:    "mail",
		titles:  []string{"Mail does not leave the outbox", "Mailbox is full", "Calendar shows meetings twice", "Newsletter lands in junk"},
		details: []string{"The message has an attachment of {number} kB.", "It is so on {device} and on the phone.", "I have restarted twice, to no avail."},
		answers: []string{"The attachment was over the limit; here is a share for it.", "I have moved the mail of past years to the archive.", "A second calendar was subscribed. It is gone."},
		reasons: []string{"limit explained", "archived", "subscription removed", ""},
	},
	{
		name:    "computers",
		titles:  []string{"{device} does not start", "{device} is slow since the update", "Screen of {device} flickers", "Docking station in {room} is dead"},
		details: []string{"The lamp blinks {number} times and then nothing happens.", "The fan is loud even when nothing runs.", "With another cable it is the same."},
		answers: []string{"The battery was empty beyond rescue; you have a new one.", "An indexing service ran wild. It is stopped, and an update is planned.", "Please take a new dock from {room}; I have reserved it for you."},
		reasons: []string{"battery replaced", "service stopped", "hardware replaced", ""},
	},
	{
		name:    "software",
		titles:  []string{"Licence of the drawing program expired", "Spreadsheet crashes on opening", "Please install the editor on {device}", "Time sheet does not save"},
		details: []string{"The error is {number}, and a screenshot is in the share.", "It began after last night's update.", "I need it by the end of the week."},
		answers: []string{"You have a licence from the pool now.", "The add-in was at fault. It is off, and the maker knows.", "It is installed; you find it in the start menu."},
		reasons: []string{"licence assigned", "add-in disabled", "installed", ""},
	},
	{
		name:    "telephones",
		titles:  []string{"Calls to {room} ring nowhere", "Headset is not recognised", "Voicemail code unknown", "Phone in {room} shows the wrong name"},
		details: []string{"Extension {number} is concerned.", "From outside it works, from inside it does not.", "On {device} the same headset works."},
		answers: []string{"The extension pointed at a phone that is gone. It rings on yours now.", "A firmware update of the headset helped.", "The code is reset; the first call asks for a new one."},
		reasons: []string{"extension corrected", "firmware updated", "code reset", ""},
	},
	{
		name:    "rooms",
		titles:  []string{"Projector in {room} has no picture", "Too cold in {room}", "Badge does not open {room}", "Booking of {room} is not shown"},
		details: []string{"We have guests there at two.", "The panel shows {number} and does not react.", "It is the third time this month."},
		answers: []string{"The cable behind the wall was loose. It holds now.", "The valve was stuck; give it an hour.", "Your badge has the door again."},
		reasons: []string{"cable fixed", "valve freed", "badge renewed", ""},
	},
}

var (
	effects = []string{
		"I cannot go on with my work until then.", "It is not urgent, but a nuisance.", "Others on the floor are waiting for it too.",
		"I can do without for a day or two.", "Please call me before you come by.", "",
	}
	questions = []string{
		"I am looking into it. Since when has it been so?", "Thank you for writing. Is it the same on another machine?",
		"I have taken this up. Are you at your desk this afternoon?", "Could you send me the exact words of the message?",
		"I can see it from here. Give me a moment.",
	}
	replies = []string{
		"Since yesterday, about four o'clock.", "Yes, on {device} too.", "I am here until five.", "It says error {number}, nothing else.",
		"No, only here.", "It has just happened again.",
	}
	notes = []string{
		"Seen twice this week, also in {room}. Perhaps one cause.", "Maker's case number is {number}.",
		"Spare part ordered, comes tomorrow.", "Asked the network people to have a look.",
	}
	complaints = []string{
		"It is back, exactly as before.", "Sorry, it held for an hour only.", "This did not help, error {number} again.",
		"It works on {device}, but not in {room}.",
	}
	thanks = []string{"Thank you, it works.", "Perfect, that was quick.", "All good again, thanks.", "Works. You can close this."}

	rooms   = strings.Fields("Amber Basalt Cedar Delta Ember Fjord Garnet Harbour Indigo Juniper Kelp Lagoon Maple Nimbus Onyx Poplar")
	devices = strings.Fields("laptop tablet workstation notebook desktop")
)

// fill puts something in the place of {room}, {device} and {number}.
func (s *story) fill(text string) string {
	return strings.TrimSpace(strings.NewReplacer(
		"{room}", "room "+pick(s.Rand, rooms)+" "+strconv.Itoa(1+s.IntN(9)),
		"{device}", pick(s.Rand, devices)+" "+strconv.Itoa(1000+s.IntN(9000)),
		"{number}", strconv.Itoa(10+s.IntN(890)),
	).Replace(text))
}
