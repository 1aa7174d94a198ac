@host@
make_user
make_folders
give_access
resume_service
