-- The database `billing`.
set role deskadmin;
create table public.invoices (id int primary key, body text not null, paid boolean not null default false);
insert into public.invoices select i, repeat(md5(i::text), 3), i % 2 = 0 from generate_series(1, 500) i;
create view public.unpaid as select id from public.invoices where not paid;
reset role;
