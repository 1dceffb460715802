-- A database whose name needs quoting everywhere.
set role deskadmin;
create table public.t (a int);
insert into public.t values (1);
reset role;
