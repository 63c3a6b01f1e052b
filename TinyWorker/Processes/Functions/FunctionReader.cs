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
    private readonly List<Assembly> _assemblies = [];
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
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var kind = (TypeKind)_reader.ReadByte();
        if (kind == TypeKind.Again) return _types[_reader.Read7BitEncodedInt()];
        var type = kind switch
        {
            TypeKind.Definition => ReadDefinition(),
            TypeKind.Constructed => ReadConstructed(),
            TypeKind.Vector => ReadType().MakeArrayType(),
            TypeKind.Array => ReadArray(),
            TypeKind.Pointer => ReadType().MakePointerType(),
            TypeKind.Reference => ReadType().MakeByRefType(),
            _ => throw new InvalidDataException("Its description is damaged."),
        };
        _types.Add(type);
        return type;
    }

    private Type ReadDefinition()
    {
        var assembly = _assemblies[_reader.Read7BitEncodedInt()];
        var type = assembly.ManifestModule.ResolveType(_reader.ReadInt32());
        var name = _reader.ReadString();
        return type.Name == name ? type : throw new InvalidDataException($"The type '{name}' is not where it was: '{type}' is there.");
    }

    private Type ReadConstructed()
    {
        var definition = ReadType();
        var arguments = new Type[definition.GetGenericArguments().Length];
        for (var i = 0; i < arguments.Length; i++) arguments[i] = ReadType();
        return definition.MakeGenericType(arguments);
    }

    private Type ReadArray()
    {
        var rank = _reader.Read7BitEncodedInt();
        return ReadType().MakeArrayType(rank);
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
