package people

// settings are read by createsuperuser alone.
type settings struct {
	SuperuserPassword string `split_words:"true" desc:"Password for createsuperuser, instead of a prompt."`
}
