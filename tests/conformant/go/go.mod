module conformant

go 1.19
