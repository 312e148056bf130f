import Command

Medley.main()
