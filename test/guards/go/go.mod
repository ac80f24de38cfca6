module guard

go 1.24
