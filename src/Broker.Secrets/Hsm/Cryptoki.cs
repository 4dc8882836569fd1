using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>
/// A PKCS#11 module in this process: one method a call, errors as <see cref="HsmException"/>. Secrets go in from locked memory and come
/// out into it. A module stays loaded until the process ends, since many do not survive being unloaded.
/// </summary>
internal sealed unsafe class Cryptoki
{
    private const int MostSlots = 256;

    private readonly Ck.Functions* _functions;

    /// <summary>A module by its functions, which stay where they are.</summary>
    internal Cryptoki(Ck.Functions* functions) => _functions = functions;

    /// <summary>Loads a module and asks for its functions; nothing is initialized.</summary>
    internal static Cryptoki Load(string path)
    {
        if (!Path.IsPathFullyQualified(path) || !File.Exists(path))
            throw new HsmException(HsmFailure.ModuleUnusable, $"no PKCS#11 module is at {path}; give its absolute path, or install it");

        if (!NativeLibrary.TryLoad(path, out var library) || !NativeLibrary.TryGetExport(library, "C_GetFunctionList", out var export))
            throw new HsmException(
                HsmFailure.ModuleUnusable, $"{path} is no PKCS#11 module of this machine's kind; ask its vendor for one that is");

        Ck.Functions* functions = null;
        Ckr.Check(((delegate* unmanaged<Ck.Functions**, ulong>)export)(&functions), "C_GetFunctionList");
        return functions != null && functions->Major == 2
            ? new Cryptoki(functions)
            : throw new HsmException(
                HsmFailure.ModuleUnusable, $"{path} does not speak PKCS#11 version 2; ask its vendor for a module that does");
    }

    internal void Initialize()
    {
        var arguments = new Ck.InitializeArguments { Flags = Ck.OsLockingOk };
        var result = _functions->Initialize(&arguments);
        if (result is Ckr.Ok or Ckr.AlreadyInitialized or Ckr.CantLock)
        {
            Ckr.Check(result, "C_Initialize");
            return;
        }

        throw new HsmException(
            HsmFailure.ModuleUnusable,
            "the module cannot begin; check its configuration file and environment",
            $"C_Initialize: {Ckr.NameOf(result)}");
    }

    /// <summary>Ends all sessions of the process; what the module says to it does not matter any more.</summary>
    internal void End() => _functions->Finalize(null);

    internal ulong[] SlotsWithToken()
    {
        ulong count = 0;
        Ckr.Check(_functions->GetSlotList(1, null, &count), "C_GetSlotList");
        var slots = new ulong[Math.Min(count, MostSlots)];
        count = (ulong)slots.Length;
        fixed (ulong* first = slots)
            Ckr.Check(_functions->GetSlotList(1, first, &count), "C_GetSlotList");
        return slots[..(int)Math.Min(count, (ulong)slots.Length)];
    }

    internal Ck.TokenInfo TokenOf(ulong slot)
    {
        Ck.TokenInfo info;
        Ckr.Check(_functions->GetTokenInfo(slot, &info), "C_GetTokenInfo");
        return info;
    }

    internal ulong OpenSession(ulong slot, bool writable)
    {
        ulong session;
        Ckr.Check(
            _functions->OpenSession(slot, Ck.SerialSession | (writable ? Ck.RwSession : 0), null, null, &session), "C_OpenSession");
        return session;
    }

    internal void CloseSession(ulong session) => _functions->CloseSession(session);

    /// <summary>Gives the value to its caller, who knows what more to say of a wrong PIN.</summary>
    internal ulong Login(ulong session, SecretBuffer pin)
    {
        fixed (byte* bytes = pin.Span)
            return _functions->Login(session, Ck.User, bytes, (ulong)pin.Length);
    }

    internal void Logout(ulong session) => _functions->Logout(session);

    internal ulong CreateObject(ulong session, Template template)
    {
        ulong made = 0;
        Ckr.Check(template.With((attributes, count) => Create(session, attributes, count, out made)), "C_CreateObject");
        return made;
    }

    internal void DestroyObject(ulong session, ulong target) =>
        Ckr.Check(_functions->DestroyObject(session, target), "C_DestroyObject");

    /// <summary>Reads an attribute of at most the destination's length; -1 where the object has none, or does not show it.</summary>
    internal int Read(ulong session, ulong target, ulong type, Span<byte> destination)
    {
        fixed (byte* bytes = destination)
        {
            var attribute = new Ck.Attribute { Type = type, Value = bytes, Length = (ulong)destination.Length };
            var result = _functions->GetAttributeValue(session, target, &attribute, 1);
            if (result is Ckr.AttributeTypeInvalid or Ckr.AttributeSensitive)
                return -1;

            Ckr.Check(result, "C_GetAttributeValue");
            return attribute.Length <= (ulong)destination.Length ? (int)attribute.Length : -1;
        }
    }

    /// <summary>At most <paramref name="most"/> objects that have all the attributes.</summary>
    internal ulong[] Find(ulong session, Template template, int most)
    {
        Ckr.Check(template.With((attributes, count) => _functions->FindObjectsInit(session, attributes, count)), "C_FindObjectsInit");
        var found = new ulong[most];
        ulong got;
        ulong result;
        fixed (ulong* first = found)
            result = _functions->FindObjects(session, first, (ulong)most, &got);
        _functions->FindObjectsFinal(session);
        Ckr.Check(result, "C_FindObjects");
        return found[..(int)Math.Min(got, (ulong)most)];
    }

    internal (ulong Public, ulong Private) GenerateKeyPair(
        ulong session, ulong mechanism, Template publicTemplate, Template privateTemplate)
    {
        ulong publicKey = 0, privateKey = 0;
        var result = publicTemplate.With((publicAttributes, publicCount) => privateTemplate.With((privateAttributes, privateCount) =>
            Generate(session, mechanism, publicAttributes, publicCount, privateAttributes, privateCount, out publicKey, out privateKey)));
        Ckr.Check(result, "C_GenerateKeyPair");
        return (publicKey, privateKey);
    }

    /// <summary>CKM_ECDH1_DERIVE with CKD_NULL: a session object whose value is the x coordinate of the shared point.</summary>
    internal ulong DeriveEcdh(ulong session, ulong key, byte[] peer, Template template)
    {
        ulong derived = 0;
        Ckr.Check(template.With((attributes, count) => Derive(session, key, peer, attributes, count, out derived)), "C_DeriveKey");
        return derived;
    }

    private ulong Create(ulong session, Ck.Attribute* attributes, ulong count, out ulong made)
    {
        fixed (ulong* handle = &made)
            return _functions->CreateObject(session, attributes, count, handle);
    }

    private ulong Generate(
        ulong session, ulong mechanism, Ck.Attribute* publicAttributes, ulong publicCount, Ck.Attribute* privateAttributes,
        ulong privateCount, out ulong publicKey, out ulong privateKey)
    {
        var by = new Ck.Mechanism { Type = mechanism };
        fixed (ulong* first = &publicKey, second = &privateKey)
        {
            return _functions->GenerateKeyPair(
                session, &by, publicAttributes, publicCount, privateAttributes, privateCount, first, second);
        }
    }

    private ulong Derive(ulong session, ulong key, byte[] peer, Ck.Attribute* attributes, ulong count, out ulong derived)
    {
        fixed (byte* point = peer)
        fixed (ulong* handle = &derived)
        {
            var parameters = new Ck.Ecdh1Parameters { Kdf = Ck.NoKdf, PublicDataLength = (ulong)peer.Length, PublicData = point };
            var mechanism = new Ck.Mechanism { Type = Ck.Ecdh1Derive, Parameter = &parameters, Length = (ulong)sizeof(Ck.Ecdh1Parameters) };
            return _functions->DeriveKey(session, &mechanism, key, attributes, count, handle);
        }
    }
}
