using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using TinyWorker.Processes.Data;

namespace TinyWorker.Processes.Functions;

/// <summary>Reads what <see cref="FunctionWriter"/> wrote, in another process.</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal sealed class FunctionReader
{
    private readonly BinaryReader _reader;
    private readonly List<AssemblyName> _names = [];
    private readonly List<Assembly> _assemblies = [];   // those of the names
    private readonly List<Type> _types = [];
    private readonly List<object> _objects = [];

    private FunctionReader(BinaryReader reader) => _reader = reader;

    /// <exception cref="InvalidOperationException">It cannot be rebuilt here.</exception>
    public static Delegate Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        var name = "unknown";
        try
        {
            if (reader.ReadByte() != FunctionWriter.Format) throw new InvalidDataException("It does not begin like one.");
            name = reader.ReadString();
            return new FunctionReader(reader).ReadAll();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The function ({name}) cannot be rebuilt in the worker process: {e.Message}", e);
        }
    }

    private Delegate ReadAll()
    {
        for (var left = ReadCount(); left > 0; left--)
        {
            var fullName = _reader.ReadString();
            var build = new Guid(_reader.ReadBytes(16));
            _names.Add(new AssemblyName(fullName));
            _assemblies.Add(new DescribedAssembly(fullName, build, _reader.ReadString()).Load());
        }

        var function = ReadValue() as Delegate;
        return function is not null && _reader.BaseStream.Position == _reader.BaseStream.Length
            ? function
            : throw new InvalidDataException("Its description is damaged.");
    }

    private object? ReadValue()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch ((ValueKind)_reader.ReadByte())
        {
            case ValueKind.Null: return null;
            case ValueKind.Again: return _objects[_reader.Read7BitEncodedInt()];
            case ValueKind.Function: return ReadFunction();
            case ValueKind.Closure: return ReadClosure();
            case ValueKind.Type: return Numbered(ReadType());
            case ValueKind.Bitwise: return Numbered(BitwiseValue.Read(_reader, ReadType()));
            case ValueKind.Json: return Numbered(ReadJson(ReadType()));
            default: throw new InvalidDataException("Its description is damaged.");
        }
    }

    private Delegate ReadFunction()
    {
        var type = ReadType();
        var declaringType = ReadType();
        var token = _reader.ReadInt32();
        var name = _reader.ReadString();
        var arguments = new Type[ReadCount()];
        for (var i = 0; i < arguments.Length; i++) arguments[i] = ReadType();

        // The token leads to the method of the type definition; the same method of the constructed type is the one to call.
        var definition = declaringType.Module.ResolveMethod(token)!;
        var method = (MethodInfo)MethodBase.GetMethodFromHandle(definition.MethodHandle, declaringType.TypeHandle)!;
        if (method.Name != name) throw new InvalidDataException($"The method '{name}' is not where it was: '{method.Name}' is there.");
        if (arguments.Length > 0) method = method.MakeGenericMethod(arguments);
        return Delegate.CreateDelegate(type, ReadValue(), method);
    }

    private object ReadClosure()
    {
        var type = ReadType();
        var closure = Numbered(RuntimeHelpers.GetUninitializedObject(type));
        for (var left = ReadCount(); left > 0; left--)
        {
            var name = _reader.ReadString();
            var variable = type.GetField(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                ?? throw new InvalidDataException($"The variable '{name}' is not where it was.");
            variable.SetValue(closure, ReadValue());
        }

        return closure;
    }

    private object ReadJson(Type type) => CapturedData.Read(_reader.ReadBytes(ReadCount()), type);

    private Type ReadType()
    {
        var number = _reader.Read7BitEncodedInt();
        if (number < _types.Count) return _types[number];
        var type = Type.GetType(_reader.ReadString(), AssemblyOf, typeResolver: null, throwOnError: true)!;
        _types.Add(type);
        return type;
    }

    // The full name decides only where two have the same short name (two versions): to make it costs each start a millisecond or two.
    private Assembly AssemblyOf(AssemblyName name)
    {
        var found = IndexOf(name, 0);
        if (found >= 0 && IndexOf(name, found + 1) >= 0)
        {
            var fullName = name.FullName;
            found = _names.FindIndex(known => known.FullName == fullName);
        }

        return found >= 0 ? _assemblies[found] : throw new InvalidDataException("Its description is damaged.");
    }

    private int IndexOf(AssemblyName name, int from)
    {
        while (from < _names.Count && _names[from].Name != name.Name) from++;
        return from < _names.Count ? from : -1;
    }

    // Of what takes a byte at least: a count that lies allocates nothing.
    private int ReadCount()
    {
        var count = _reader.Read7BitEncodedInt();
        return count >= 0 && count <= _reader.BaseStream.Length - _reader.BaseStream.Position
            ? count
            : throw new InvalidDataException("Its description is damaged.");
    }

    private object Numbered(object value)
    {
        _objects.Add(value);
        return value;
    }
}
