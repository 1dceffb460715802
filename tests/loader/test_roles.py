"""What a roles file becomes for a server where the admin is no superuser."""

import pytest

from loader.roles import TargetRoles, plan, read

DUMP = rb'''
\restrict abc
SET default_transaction_read_only = off;
CREATE ROLE deskadmin;
ALTER ROLE deskadmin WITH NOSUPERUSER INHERIT CREATEROLE CREATEDB LOGIN PASSWORD 'SCRAM-SHA-256$4096:it''s';
CREATE ROLE azuresu;
ALTER ROLE azuresu WITH SUPERUSER INHERIT LOGIN;
CREATE ROLE support_azure_pg_admin_team;
ALTER ROLE support_azure_pg_admin_team WITH NOSUPERUSER INHERIT LOGIN BYPASSRLS;
CREATE ROLE "Odd; ""x""";
ALTER ROLE "Odd; ""x""" WITH NOSUPERUSER LOGIN CONNECTION LIMIT 5 PASSWORD 'secret-word' VALID UNTIL '2030-01-01';
ALTER ROLE "Odd; ""x""" SET search_path TO 'sales', '$user';
COMMENT ON ROLE "Odd; ""x""" IS 'a; b';
ALTER ROLE strange WITH secret-word;
GRANT azure_pg_admin TO deskadmin WITH ADMIN OPTION GRANTED BY azuresu;
GRANT support_azure_pg_admin_team TO deskadmin WITH ADMIN OPTION, INHERIT TRUE, SET TRUE GRANTED BY azuresu;
GRANT support_azure_pg_admin_team TO "Odd; ""x""" WITH INHERIT FALSE GRANTED BY azuresu;
SECURITY LABEL FOR x ON ROLE deskadmin IS 'y';
'''
EMPTY_16 = TargetRoles("deskadmin", 16, frozenset({"deskadmin", "azure_pg_admin"}))


def test_on_an_empty_server() -> None:
    steps, left_out = plan(read(DUMP), EMPTY_16)
    assert [step.sql for step in steps] == [
        'CREATE ROLE "support_azure_pg_admin_team" NOLOGIN',
        'ALTER ROLE "support_azure_pg_admin_team" WITH INHERIT',
        'ALTER ROLE "support_azure_pg_admin_team" WITH LOGIN',
        'CREATE ROLE "Odd; ""x""" NOLOGIN',
        'ALTER ROLE "Odd; ""x""" WITH LOGIN',
        'ALTER ROLE "Odd; ""x""" WITH CONNECTION LIMIT 5',
        '''ALTER ROLE "Odd; ""x""" WITH VALID UNTIL '2030-01-01\'''',
        '''ALTER ROLE "Odd; ""x""" SET search_path TO 'sales', '$user\'''',
        '''COMMENT ON ROLE "Odd; ""x""" IS 'a; b\'''',
        'GRANT "support_azure_pg_admin_team" TO "deskadmin" WITH INHERIT TRUE, SET TRUE',
        'GRANT "support_azure_pg_admin_team" TO "Odd; ""x""" WITH INHERIT FALSE',
    ]
    told = {item.what for item in left_out}
    assert {"BYPASSRLS of role support_azure_pg_admin_team", "membership of deskadmin in azure_pg_admin"} <= told
    assert {'the password of role Odd; "x"', "attributes of role strange"} <= told
    assert any(what.startswith("SECURITY LABEL FOR") for what in told)


@pytest.mark.parametrize("major", [15, 16])
def test_no_password_and_no_special_right_is_ever_in_a_statement_or_a_reason(major: int) -> None:
    steps, left_out = plan(read(DUMP), TargetRoles("deskadmin", major, frozenset()))
    text = " ".join([step.sql for step in steps] + [item.what + item.why for item in left_out])
    assert "SCRAM" not in text
    assert "secret-word" not in text
    assert not any(word in step.sql for step in steps for word in ("PASSWORD", "SUPERUSER", "REPLICATION", "BYPASSRLS"))
    assert not any('ROLE "deskadmin"' in step.sql for step in steps)


def test_an_existing_role_keeps_its_attributes_and_gains_memberships() -> None:
    names = EMPTY_16.names | {"support_azure_pg_admin_team", 'Odd; "x"'}
    steps, _ = plan(read(DUMP), TargetRoles("deskadmin", 16, names))
    assert [step.sql[:5] for step in steps] == ["GRANT", "GRANT"]


def test_before_16_a_membership_without_inheritance_is_left_out_because_it_would_give_more() -> None:
    steps, left_out = plan(read(DUMP), TargetRoles("deskadmin", 15, frozenset()))
    assert [step.sql for step in steps if "GRANT" in step.sql] == ['GRANT "support_azure_pg_admin_team" TO "deskadmin"']
    assert 'membership of Odd; "x" in support_azure_pg_admin_team' in {item.what for item in left_out}
